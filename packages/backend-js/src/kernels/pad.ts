/** pad: elements added around a tensor, or removed. */
import type { PadAttributes } from "@bitbudget/backend";
import type { JsKernel } from "../kernel.ts";
import { fill, NOWHERE, offsetsOf, pick, wordsOf } from "../words.ts";
import { movable, plainRows } from "./formats.ts";

export const pad: JsKernel<"pad"> = {
  rows: plainRows(movable),

  prepare(_, { inputs, attributes: { pads, mode, value = 0 } }) {
    const { dtype } = inputs[0]!;
    const tables = offsetsOf(inputs[0]!).map((offsets, axis) =>
      sources(offsets.length, pads[axis] ?? [0, 0], mode).map((i) => offsets[i] ?? NOWHERE),
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

/** Where the elements along an axis come from. Negative pads cut the axis first; what is left is then repeated. */
function sources(
  length: number,
  [before, after]: PadAttributes["pads"][number],
  mode: PadAttributes["mode"],
): number[] {
  const start = Math.max(0, -before);
  const end = length - Math.max(0, -after);
  const kept = end - start;
  return Array.from({ length: length + before + after }, (_, i) => {
    const k = source(i - Math.max(0, before), kept, mode);
    return k === NOWHERE ? NOWHERE : start + k;
  });
}

/** The position, from 0 to `length` - 1, that repeats at `i`. */
function source(i: number, length: number, mode: PadAttributes["mode"]): number {
  if (i >= 0 && i < length) return i;
  switch (mode) {
    case "constant":
      return NOWHERE;
    case "edge":
      return i < 0 ? 0 : length - 1;
    case "wrap":
      return modulo(i, length);
    case "reflect": {
      // There and back, the edges once: 0 1 2 1 | 0 1 2 1 ...
      const period = 2 * (length - 1);
      const k = modulo(i, period);
      return Math.min(k, period - k);
    }
  }
}

function modulo(i: number, length: number): number {
  return ((i % length) + length) % length;
}
