/** lookup: codes to codes by a table. */
import { definitionOf } from "@bitbudget/backend";
import * as code from "../codes.js";
import { ProgramBuilder } from "../elementwise/program.js";
import { wasmKernel } from "../kernel.js";
const codes = ["uint8", "int8"];
export const lookup = wasmKernel({
    rows: codes.flatMap((activation) => codes.map((output) => ({ activation, output, arithmetic: "native" }))),
    compile(context, spec, weights, owned) {
        const program = new ProgramBuilder(definitionOf(spec).outputs(spec)[0]);
        const { buffer, byteOffset, byteLength } = weights.table.data;
        const table = program.table(owned.store(new Uint8Array(buffer, byteOffset, byteLength)));
        program.step(code.LOOKUP, 0, [program.input(0, spec.inputs[0]), table], { bits: 8 });
        return program.build(context, owned);
    },
});
//# sourceMappingURL=lookup.js.map