/** transpose: axes in another order. */
import type { JsKernel } from "../kernel.ts";
import { offsetsOf, pick, wordsOf } from "../words.ts";
import { movable, plainRows } from "./formats.ts";

export const transpose: JsKernel<"transpose"> = {
  rows: plainRows(movable),

  prepare(_, { inputs, attributes: { perm } }) {
    const type = inputs[0]!;
    const offsets = offsetsOf(type);
    // Where elements have an axis of words, that stays the last.
    const tables = offsets.map((own, axis) => offsets[perm[axis] ?? axis] ?? own);
    return {
      bytes: 0,
      run([x], [y]) {
        pick(wordsOf(y!, type.dtype), wordsOf(x!, type.dtype), tables);
      },
    };
  },
};
