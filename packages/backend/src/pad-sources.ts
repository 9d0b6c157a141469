/** The arithmetic of Pad that depends on the geometry alone, done once for all backends: which elements are repeated where. */
import type { PadAttributes } from "./ops/layout.ts";

/**
 * For each position of a padded axis, the position in the input, of `length` elements, that it takes its elements from;
 * -1 where it takes the value of constant mode. Negative pads cut the axis first; what is left is then repeated (ONNX Pad).
 */
export function padSources(
  length: number,
  [before, after]: PadAttributes["pads"][number],
  mode: PadAttributes["mode"],
): number[] {
  const start = Math.max(0, -before);
  const kept = length - Math.max(0, -after) - start;
  return Array.from({ length: length + before + after }, (_, i) => {
    const k = repeated(i - Math.max(0, before), kept, mode);
    return k < 0 ? -1 : start + k;
  });
}

/** The position, from 0 to `length` - 1, that repeats at `i`; -1 for none. */
function repeated(i: number, length: number, mode: PadAttributes["mode"]): number {
  if (i >= 0 && i < length) return i;
  switch (mode) {
    case "constant":
      return -1;
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
