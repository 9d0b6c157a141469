import * as code from "../codes.js";
import { floats, formatCode, fromFloat32, packedCodes, unpacked, unpackedFormat, } from "../elementwise/formats.js";
import { ProgramBuilder } from "../elementwise/program.js";
import { groupedShape, groupOperand } from "../elementwise/scales.js";
import { wasmKernel } from "../kernel.js";
const codes = ["int32", "int16", "uint16", "int8", "uint8", ...packedCodes];
export const dequantize = wasmKernel({
    rows: codes.flatMap((activation) => floats.map((output) => ({ activation, output, arithmetic: "native" }))),
    compile(context, { inputs: [input], attributes: { output, granularity } }, weights, owned) {
        const { dtype, shape } = input;
        const grouped = groupedShape(shape, granularity);
        const program = new ProgramBuilder({ dtype: output, shape: grouped });
        const x = unpacked(program, program.input(0, { dtype, shape: grouped }), dtype);
        const scale = groupOperand(program, owned, weights.scale, shape, granularity);
        const zeroPoint = groupOperand(program, owned, weights.zeroPoint, shape, granularity, dtype);
        const format = formatCode(unpackedFormat(dtype));
        fromFloat32(program, program.step(code.DEQUANTIZE, format, [x, scale, zeroPoint]), output);
        return program.build(context, owned);
    },
});
//# sourceMappingURL=dequantize.js.map