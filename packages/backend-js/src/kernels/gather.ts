/** gather: slices picked by index. */
import { IndexError } from "@bitbudget/backend";
import { load } from "../elements.ts";
import type { JsKernel } from "../kernel.ts";
import { offsetsOf, pick, wordsOf } from "../words.ts";
import { movable, plainRows } from "./formats.ts";

export const gather: JsKernel<"gather"> = {
  rows: plainRows(movable),

  prepare(_, { inputs, attributes: { axis } }) {
    const [data, indices] = [inputs[0]!, inputs[1]!];
    const offsets = offsetsOf(data);
    const slices = offsets[axis]!;
    return {
      bytes: 0,
      run([x, picked], [y]) {
        const table = Array.from(load(picked!, indices), (index, position) => {
          const slice = slices.at(index);
          if (slice === undefined) throw new IndexError(index, position, slices.length);
          return slice;
        });
        pick(wordsOf(y!, data.dtype), wordsOf(x!, data.dtype), offsets.with(axis, table));
      },
    };
  },
};
