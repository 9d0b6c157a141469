import { dtypes } from "@bitbudget/core";
import * as code from "../codes.js";
import { floats, formatCode, packed, packedCodes, toFloat32, unpackedFormat, } from "../elementwise/formats.js";
import { ProgramBuilder } from "../elementwise/program.js";
import { groupedShape, groupOperand } from "../elementwise/scales.js";
import { wasmKernel } from "../kernel.js";
const codes = ["int16", "uint16", "int8", "uint8", ...packedCodes];
export const quantize = wasmKernel({
    rows: floats.flatMap((activation) => codes.map((output) => ({ activation, output, arithmetic: "native" }))),
    compile(context, { inputs: [input], attributes: { dtype, granularity } }, weights, owned) {
        const { dtype: from, shape } = input;
        const grouped = groupedShape(shape, granularity);
        const program = new ProgramBuilder({ dtype, shape: grouped });
        const x = toFloat32(program, program.input(0, { dtype: from, shape: grouped }), from);
        const scale = groupOperand(program, owned, weights.scale, shape, granularity);
        const zeroPoint = groupOperand(program, owned, weights.zeroPoint, shape, granularity);
        const { min, max, bits } = dtypes[dtype];
        const format = formatCode(unpackedFormat(dtype));
        const options = { bits: Math.max(8, bits), alpha: min, beta: max };
        packed(program, program.step(code.QUANTIZE, format, [x, scale, zeroPoint], options), dtype);
        return program.build(context, owned);
    },
});
//# sourceMappingURL=quantize.js.map