/** quantize: numbers to codes, affine. */
import type { KernelRow } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import * as code from "../codes.ts";
import {
  floats,
  formatCode,
  packed,
  packedCodes,
  toFloat32,
  unpackedFormat,
} from "../elementwise/formats.ts";
import { ProgramBuilder } from "../elementwise/program.ts";
import { groupedShape, groupOperand } from "../elementwise/scales.ts";
import { wasmKernel } from "../kernel.ts";

const codes = ["int16", "uint16", "int8", "uint8", ...packedCodes] as const;

export const quantize = wasmKernel<"quantize">({
  rows: floats.flatMap((activation) =>
    codes.map((output): KernelRow => ({ activation, output, arithmetic: "native" })),
  ),
  compile(context, { inputs: [input], attributes: { dtype, granularity } }, weights, owned) {
    const { dtype: from, shape } = input!;
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
