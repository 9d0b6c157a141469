/** concat: tensors joined along an axis. */
import { elementCount } from "@bitbudget/core";
import type { JsKernel } from "../kernel.ts";
import { wordShape, wordsOf } from "../words.ts";
import { movable, plainRows } from "./formats.ts";

export const concat: JsKernel<"concat"> = {
  rows: plainRows(movable),

  prepare(_, { inputs, attributes: { axis } }) {
    const { dtype, shape } = inputs[0]!;
    const outer = elementCount(shape.slice(0, axis));
    // What an input adds to each of the outer positions lies in one piece.
    const pieces = inputs.map((type) => elementCount(wordShape(type).slice(axis)));
    return {
      bytes: 0,
      run(storages, [y]) {
        const from = storages.map((storage) => wordsOf(storage, dtype));
        const out = wordsOf(y!, dtype);
        let position = 0;
        for (let i = 0; i < outer; i++)
          for (const [k, words] of from.entries()) {
            const piece = pieces[k]!;
            out.set(words.subarray(i * piece, (i + 1) * piece), position);
            position += piece;
          }
      },
    };
  },
};
