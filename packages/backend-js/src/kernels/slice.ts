/** slice and expand: a tensor read at some positions of each axis, or at one of them again and again. */
import { broadcastStrides } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import type { JsKernel } from "../kernel.ts";
import { offsetsOf, pick, wordsOf } from "../words.ts";
import { movable, plainRows } from "./formats.ts";

export const slice: JsKernel<"slice"> = {
  rows: plainRows(movable),

  prepare(_, { inputs, attributes: { starts, steps, sizes } }) {
    const type = inputs[0]!;
    const tables = offsetsOf(type).map((offsets, axis) => {
      // The axis of words that 64-bit elements have stays whole.
      const [start, step, size] = [starts[axis], steps[axis], sizes[axis]];
      if (start === undefined || step === undefined || size === undefined) return offsets;
      return Array.from({ length: size }, (_, i) => offsets[start + i * step]!);
    });
    return {
      bytes: 0,
      run([x], [y]) {
        pick(wordsOf(y!, type.dtype), wordsOf(x!, type.dtype), tables);
      },
    };
  },
};

export const expand: JsKernel<"expand"> = {
  rows: plainRows(movable),

  prepare(_, { inputs, attributes: { shape } }) {
    const { dtype, shape: from } = inputs[0]!;
    const words = dtypes[dtype].bits === 64 ? 2 : 1;
    const strides = broadcastStrides(from, shape);
    const tables = shape.map((length, axis) => Array.from({ length }, (_, i) => i * strides[axis]! * words));
    if (words === 2) tables.push([0, 1]);
    return {
      bytes: 0,
      run([x], [y]) {
        pick(wordsOf(y!, dtype), wordsOf(x!, dtype), tables);
      },
    };
  },
};
