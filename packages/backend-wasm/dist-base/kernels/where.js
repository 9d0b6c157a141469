/** where: elements of one tensor or the other, as a condition says. */
import { definitionOf } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import * as code from "../codes.js";
import { ProgramBuilder } from "../elementwise/program.js";
import { wasmKernel } from "../kernel.js";
/** Every format of whole bytes. */
const formats = Object.values(dtypes)
    .filter(({ bits }) => bits >= 8)
    .map(({ name }) => name);
export const where = wasmKernel({
    rows: formats.map((dtype) => ({ activation: dtype, output: dtype, arithmetic: "native" })),
    compile(context, spec, _, owned) {
        const output = definitionOf(spec).outputs(spec)[0];
        const { bits } = dtypes[output.dtype];
        const program = new ProgramBuilder(output);
        const operands = spec.inputs.map((type, i) => program.input(i, type));
        program.step(code.WHERE, Math.log2(bits / 8), operands, { bits });
        return program.build(context, owned);
    },
});
//# sourceMappingURL=where.js.map