/** pad: elements added around a tensor, or removed. */
import { padSources } from "@bitbudget/backend";
import type { JsKernel } from "../kernel.ts";
import { fill, NOWHERE, offsetsOf, pick, wordsOf } from "../words.ts";
import { movable, plainRows } from "./formats.ts";

export const pad: JsKernel<"pad"> = {
  rows: plainRows(movable),

  prepare(_, { inputs, attributes: { pads, mode, value = 0 } }) {
    const { dtype } = inputs[0]!;
    const tables = offsetsOf(inputs[0]!).map((offsets, axis) =>
      padSources(offsets.length, pads[axis] ?? [0, 0], mode).map((i) => offsets[i] ?? NOWHERE),
    );
    return {
      bytes: 0,
      run([x], [y]) {
        const out = wordsOf(y!, dtype);
        if (mode === "constant") fill(out, value, dtype);
        pick(out, wordsOf(x!, dtype), tables);
      },
    };
  },
};
