/** requantize: codes or int32 sums to 8-bit codes of another scale. */
import { requantizeSum } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { keep, load, results, scalar, store } from "../elements.ts";
import { groupsOf } from "../groups.ts";
import type { JsKernel } from "../kernel.ts";

export const requantize: JsKernel<"requantize"> = {
  rows: (["int32", "int8", "uint8"] as const).flatMap((activation) =>
    (["int8", "uint8"] as const).map((output) => ({ activation, output, arithmetic: "native" as const })),
  ),

  prepare(_, spec, weights) {
    const from = spec.inputs[0]!;
    const { dtype, granularity } = spec.attributes;
    const type = { dtype, shape: from.shape };
    const { outer, length, inner, at } = groupsOf(from.shape, granularity);
    const scales = keep(weights.scale);
    const inputZeroPoint = scalar(weights.inputZeroPoint);
    const zeroPoint = scalar(weights.zeroPoint);
    return {
      bytes: scales.byteLength,
      run([x], [y]) {
        const numbers = load(x!, from);
        const out = results(y!, type);
        for (let o = 0, i = 0; o < outer; o++)
          for (let index = 0; index < length; index++) {
            const scale = scales[at(o, index)]!;
            for (let k = 0; k < inner; k++, i++)
              out[i] = requantizeSum(numbers[i]! - inputZeroPoint, scale, zeroPoint, dtypes[dtype]);
          }
        store(out, y!, type);
      },
    };
  },
};
