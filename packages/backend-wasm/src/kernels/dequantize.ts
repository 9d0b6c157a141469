/** dequantize: codes to numbers, affine. */
import type { KernelRow } from "@bitbudget/backend";
import * as code from "../codes.ts";
import {
  floats,
  formatCode,
  fromFloat32,
  packedCodes,
  unpacked,
  unpackedFormat,
} from "../elementwise/formats.ts";
import { ProgramBuilder } from "../elementwise/program.ts";
import { groupedShape, groupOperand } from "../elementwise/scales.ts";
import { wasmKernel } from "../kernel.ts";

const codes = ["int32", "int16", "uint16", "int8", "uint8", ...packedCodes] as const;

export const dequantize = wasmKernel<"dequantize">({
  rows: codes.flatMap((activation) =>
    floats.map((output): KernelRow => ({ activation, output, arithmetic: "native" })),
  ),
  compile(context, { inputs: [input], attributes: { output, granularity } }, weights, owned) {
    const { dtype, shape } = input!;
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
