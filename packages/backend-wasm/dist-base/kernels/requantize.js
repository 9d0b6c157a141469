import { dtypes } from "@bitbudget/core";
import * as code from "../codes.js";
import { formatCode } from "../elementwise/formats.js";
import { ProgramBuilder } from "../elementwise/program.js";
import { groupOperand } from "../elementwise/scales.js";
import { wasmKernel } from "../kernel.js";
const ofTensor = { kind: "tensor" };
export const requantize = wasmKernel({
    rows: ["int32", "int8", "uint8"].flatMap((activation) => ["int8", "uint8"].map((output) => ({ activation, output, arithmetic: "native" }))),
    compile(context, { inputs: [input], attributes: { dtype, granularity } }, weights, owned) {
        const { dtype: from, shape } = input;
        const program = new ProgramBuilder({ dtype, shape });
        const x = program.input(0, input);
        const scale = groupOperand(program, owned, weights.scale, shape, granularity);
        const inputZeroPoint = groupOperand(program, owned, weights.inputZeroPoint, shape, ofTensor, from);
        const steps = program.step(code.DEQUANTIZE, formatCode(from), [x, scale, inputZeroPoint]);
        const zeroPoint = groupOperand(program, owned, weights.zeroPoint, shape, ofTensor);
        const { min, max } = dtypes[dtype];
        const options = { bits: 8, alpha: min, beta: max };
        program.step(code.QUANTIZE, formatCode(dtype), [steps, program.number(1), zeroPoint], options);
        return program.build(context, owned);
    },
});
//# sourceMappingURL=requantize.js.map