/**
 * GridSample: an image read at positions between its elements, in any number of dimensions. Formulas: ONNX GridSample,
 * which follows PyTorch's grid_sample.
 */
import { elementCount, roundHalfEven, strides } from "@bitbudget/core";

export interface GridSampling {
  readonly mode: "nearest" | "linear" | "cubic";
  readonly padding: "zeros" | "border" | "reflection";
  /** Whether -1 and 1 are the centres of the outermost elements, or their outer edges. */
  readonly alignCorners: boolean;
}

/**
 * @param shape of the image: batch, channels, one size or more
 * @param grid one coordinate for each axis, the last axis first, from -1 to 1; batch times `points` of them
 * @returns batch, channels, points
 */
export function gridSample(
  image: ArrayLike<number>,
  shape: readonly number[],
  grid: ArrayLike<number>,
  points: number,
  { mode, padding, alignCorners }: GridSampling,
): Float64Array {
  const [batch = 0, channels = 0, ...sizes] = shape;
  const rank = sizes.length;
  const plane = elementCount(sizes);
  const steps = strides(sizes);
  const out = new Float64Array(batch * channels * points);
  for (let n = 0; n < batch; n++)
    for (let p = 0; p < points; p++) {
      // Taps along each axis; the elements that count are all combinations of them.
      const taps = sizes.map((length, axis) => {
        const normalized = grid[(n * points + p) * rank + rank - 1 - axis]!;
        return axisTaps(normalized, length, mode, padding, alignCorners);
      });
      const start = n * channels * plane;
      for (let c = 0; c < channels; c++) {
        const sum = (axis: number, at: number): number => {
          const list = taps[axis];
          if (list === undefined) return image[at]!;
          let total = 0;
          for (const { index, weight } of list)
            if (weight !== 0) total += weight * (index < 0 ? 0 : sum(axis + 1, at + index * steps[axis]!));
          return total;
        };
        out[(n * channels + c) * points + p] = sum(0, start + c * plane);
      }
    }
  return out;
}

interface Tap {
  /** Negative: outside, where everything is 0. */
  readonly index: number;
  readonly weight: number;
}

function axisTaps(
  normalized: number,
  length: number,
  mode: GridSampling["mode"],
  padding: GridSampling["padding"],
  alignCorners: boolean,
): Tap[] {
  const [low, high] = alignCorners ? [0, length - 1] : [-0.5, length - 0.5];
  const position = alignCorners ? ((normalized + 1) / 2) * (length - 1) : ((normalized + 1) * length - 1) / 2;
  const rounded = mode === "nearest" ? roundHalfEven(position) : position;
  // A cubic pads element by element alone, as in PyTorch and onnxruntime.
  const outside = mode !== "cubic" && (rounded < low || rounded > high);
  const x = outside ? inside(rounded, low, high, length, padding) : rounded;
  const tap = (index: number, weight: number): Tap => {
    if (index >= 0 && index < length) return { index, weight };
    const moved = padding === "zeros" ? -1 : Math.trunc(inside(index, low, high, length, padding));
    // NaN is nowhere.
    return { index: moved >= 0 && moved < length ? moved : -1, weight };
  };
  if (mode === "nearest") return [tap(Math.trunc(x), 1)];
  const first = Math.floor(x);
  const t = x - first;
  if (mode === "linear") return [tap(first, 1 - t), tap(first + 1, t)];
  return [1 + t, t, 1 - t, 2 - t].map((distance, i) => tap(first - 1 + i, cubic(distance)));
}

/** A position beyond the border, moved as the padding says. */
function inside(
  x: number,
  low: number,
  high: number,
  length: number,
  padding: GridSampling["padding"],
): number {
  if (padding === "border") return Math.min(Math.max(x, 0), length - 1);
  return padding === "reflection" ? reflect(x, low, high) : x;
}

function reflect(x: number, low: number, high: number): number {
  const range = high - low;
  if (x >= low && x <= high) return x;
  if (range === 0) return low;
  const beyond = x < low ? low - x : x - high;
  const times = Math.trunc(beyond / range);
  const rest = beyond - times * range;
  return x < low === (times % 2 === 0) ? low + rest : high - rest;
}

/** Cubic convolution with a = -0.75 (Keys 1981). */
function cubic(distance: number): number {
  const a = -0.75;
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}
