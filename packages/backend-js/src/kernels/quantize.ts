/** quantize: numbers to codes, affine; to float8 and float4 by scale alone. */
import { type CodeRange, quantizeNumber } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { keep, load, results, store } from "../elements.ts";
import { groupsOf } from "../groups.ts";
import type { JsKernel } from "../kernel.ts";
import { floats } from "./formats.ts";

const integers = ["int16", "uint16", "int8", "uint8", "int4", "uint4", "int2", "uint2"] as const;
const narrow = ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float4_e2m1"] as const;

export const quantize: JsKernel<"quantize"> = {
  rows: floats.flatMap((activation) =>
    [...integers, ...narrow].map((output) => ({ activation, output, arithmetic: "native" as const })),
  ),

  prepare(_, spec, weights) {
    const from = spec.inputs[0]!;
    const { dtype, granularity } = spec.attributes;
    const type = { dtype, shape: from.shape };
    const format = dtypes[dtype];
    const { outer, length, inner, at, step } = groupsOf(from.shape, granularity);
    const scales = keep(weights.scale);
    const zeroPoints = weights.zeroPoint ? keep(weights.zeroPoint) : new Float64Array(scales.length);
    const code = format.kind === "float" ? saturate : quantizeNumber;
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
              out[i] = code(numbers[i]!, scales[group]!, zeroPoints[group]!, format);
            }
          }
        store(out, y!, type);
      },
    };
  },
};

/** For codes that are floats: the quotient saturated, infinities too. Storing it rounds it to the format. */
function saturate(x: number, scale: number, _: number, { min, max }: CodeRange): number {
  const quotient = Math.fround(x / scale);
  return quotient < min ? min : quotient > max ? max : quotient;
}
