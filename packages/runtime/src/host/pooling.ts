/** Pools over any number of axes with what kernels do not have: indices, norms, three axes. */
import { elementCount, strides as stridesOf } from "@bitbudget/core";
import { type ConvolutionShape, tapSources } from "./convolution.ts";

/** Windows over images [batch, channels, ...spatial]. */
export type PoolShape = Pick<ConvolutionShape, "input" | "strides" | "dilations" | "before" | "counts"> & {
  readonly kernel: readonly number[];
  readonly after: readonly number[];
};

/** What a window sees: positions of elements in the whole input, and how many places it has with the padding counted. */
export type Window = (elements: readonly number[], places: number) => number;

/** One number for each window, [batch, channels, ...counts]. */
export function pool(shape: PoolShape, window: Window): Float64Array {
  const { input, kernel, counts } = shape;
  const [batch = 0, channels = 0, ...spatial] = input;
  const image = elementCount(spatial);
  const taps = elementCount(kernel);
  const places = elementCount(counts);
  const sources = tapSources({ ...shape, filter: [1, 1, ...kernel] });
  // The same image with its padding: what lies outside of that is not even padding.
  const padded = tapSources({
    ...shape,
    filter: [1, 1, ...kernel],
    input: [1, 1, ...spatial.map((length, i) => length + shape.before[i]! + shape.after[i]!)],
    before: shape.before.map(() => 0),
  });
  const out = new Float64Array(batch * channels * places);
  for (let i = 0; i < out.length; i++) {
    const first = (i % places) * taps;
    const start = Math.floor(i / places) * image;
    const elements: number[] = [];
    let count = 0;
    for (let tap = first; tap < first + taps; tap++) {
      if (sources[tap]! >= 0) elements.push(start + sources[tap]!);
      if (padded[tap]! >= 0) count++;
    }
    out[i] = window(elements, count);
  }
  return out;
}

/** Position of the largest element of each window, the first where several are; -1 where the window sees none. */
export function argMaxPool(x: ArrayLike<number>, shape: PoolShape): Float64Array {
  return pool(shape, (elements) => {
    let best = elements[0] ?? -1;
    for (const at of elements) if (x[at]! > x[best]! || Number.isNaN(x[at]!)) best = at;
    return best;
  });
}

/** A position of the whole input where each image is stored column by column (ONNX MaxPool, storage_order 1). */
export function columnMajor(position: number, input: readonly number[]): number {
  const spatial = input.slice(2);
  const image = elementCount(spatial);
  const steps = stridesOf(spatial);
  let rest = position % image;
  let result = position - rest;
  let step = 1;
  for (const [axis, length] of spatial.entries()) {
    result += Math.floor(rest / steps[axis]!) * step;
    rest %= steps[axis]!;
    step *= length;
  }
  return result;
}
