/** elementwise: a chain of functions, which is what a program is. */
import { definitionOf } from "@bitbudget/backend";
import { decodeArray, dtypes, elementCount } from "@bitbudget/core";
import * as code from "../codes.js";
import { formatCode } from "../elementwise/formats.js";
import { ProgramBuilder } from "../elementwise/program.js";
import { functionCode } from "../functions.js";
import { wasmKernel } from "../kernel.js";
import { binaryCodes } from "./binary.js";
const formats = ["float32", "uint8", "int8"];
export const elementwise = wasmKernel({
    rows: formats.flatMap((activation) => formats.map((output) => ({ activation, output, arithmetic: "native" }))),
    refuse({ attributes: { steps } }) {
        for (const step of steps)
            if (step.kind === "unary" && functionCode(step.function) === undefined)
                return `no ${step.function.fn} with these parameters`;
        return undefined;
    },
    compile(context, spec, { constants }, owned) {
        const program = new ProgramBuilder(definitionOf(spec).outputs(spec)[0]);
        const values = spec.inputs.map((type, i) => program.input(i, type));
        if (constants !== undefined)
            for (const constant of decodeArray(constants.dtype, constants.data, elementCount(constants.shape)))
                values.push(program.number(constant));
        for (const step of spec.attributes.steps)
            values.push(addStep(program, step, values, spec.inputs));
        return program.build(context, owned);
    },
});
function addStep(program, step, values, inputs) {
    switch (step.kind) {
        case "unary": {
            const { fn, alpha, beta } = functionCode(step.function);
            return program.step(code.UNARY, fn, [values[step.of]], { alpha, beta });
        }
        case "binary":
            return program.step(code.BINARY, binaryCodes[step.function], step.of.map((value) => values[value]));
        case "dequantize": {
            const operands = [step.of, step.scale, step.zeroPoint].map((value) => values[value]);
            return program.step(code.DEQUANTIZE, formatCode(inputs[step.of].dtype), operands);
        }
        case "quantize": {
            const operands = [step.of, step.scale, step.zeroPoint].map((value) => values[value]);
            const { min, max } = dtypes[step.dtype];
            const options = { bits: 8, alpha: min, beta: max };
            return program.step(code.QUANTIZE, formatCode(step.dtype), operands, options);
        }
    }
}
//# sourceMappingURL=elementwise.js.map