/** softmax: exp(x - max) / sum along an axis, or x - max - log(sum). */
import { elementCount } from "@bitbudget/core";
import { load, results, store } from "../elements.ts";
import type { JsKernel, Numbers } from "../kernel.ts";
import { floats, plainRows } from "./formats.ts";

export const softmax: JsKernel<"softmax"> = {
  rows: plainRows(floats),

  prepare(_, { inputs, attributes: { axis, log = false } }) {
    const type = inputs[0]!;
    const outer = elementCount(type.shape.slice(0, axis));
    const length = type.shape[axis]!;
    const inner = elementCount(type.shape.slice(axis + 1));
    return {
      bytes: 0,
      run([x], [y]) {
        const values = load(x!, type);
        const out = results(y!, type);
        for (let i = 0; i < outer; i++)
          for (let j = 0; j < inner; j++) {
            const start = i * length * inner + j;
            normalize(values, out, start, start + length * inner, inner, log);
          }
        store(out, y!, type);
      },
    };
  },
};

/** The elements from `start` to before `end`, `stride` apart. */
function normalize(x: Numbers, y: Numbers, start: number, end: number, stride: number, log: boolean): void {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = start; i < end; i += stride) max = Math.max(max, x[i]!);
  let sum = 0;
  for (let i = start; i < end; i += stride) sum += Math.exp(x[i]! - max);
  const logSum = Math.log(sum);
  for (let i = start; i < end; i += stride) {
    const shifted = x[i]! - max;
    y[i] = log ? shifted - logSum : Math.exp(shifted) / sum;
  }
}
