/** dequantize: codes to numbers, affine; float8 and float4 by scale alone. */
import { keep, load, results, store } from "../elements.ts";
import { groupsOf } from "../groups.ts";
import type { JsKernel } from "../kernel.ts";
import { floats } from "./formats.ts";

const codes = [
  ...(["int32", "int16", "uint16", "int8", "uint8", "int4", "uint4", "int2", "uint2"] as const),
  ...(["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float4_e2m1"] as const),
];

export const dequantize: JsKernel<"dequantize"> = {
  rows: codes.flatMap((activation) =>
    floats.map((output) => ({ activation, output, arithmetic: "native" as const })),
  ),

  prepare(_, spec, weights) {
    const from = spec.inputs[0]!;
    const { output, granularity } = spec.attributes;
    const type = { dtype: output, shape: from.shape };
    const { outer, length, inner, at, step } = groupsOf(from.shape, granularity);
    const scales = keep(weights.scale);
    const zeroPoints = weights.zeroPoint ? keep(weights.zeroPoint) : new Float64Array(scales.length);
    return {
      bytes: scales.byteLength + zeroPoints.byteLength,
      run([x], [y]) {
        const numbers = load(x!, from);
        const out = results(y!, type);
        for (let o = 0, i = 0; o < outer; o++)
          for (let index = 0; index < length; index++) {
            const first = at(o, index);
            for (let k = 0; k < inner; k++, i++) {
              const group = first + k * step;
              out[i] = Math.fround(numbers[i]! - zeroPoints[group]!) * scales[group]!;
            }
          }
        store(out, y!, type);
      },
    };
  },
};
