/** Convolution over any number of axes, in float64, as obvious loops: for what the conv2d kernel does not do. */
import { elementCount, strides as stridesOf } from "@bitbudget/core";

export interface ConvolutionShape {
  /** [batch, channels, ...spatial] */
  readonly input: readonly number[];
  /** [filters, channels of a group, ...window] */
  readonly filter: readonly number[];
  readonly groups: number;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before each spatial axis; what lies after is padding too. */
  readonly before: readonly number[];
  /** Positions of the window along each spatial axis. */
  readonly counts: readonly number[];
}

/** Sums of products, [batch, filters, ...counts] (ONNX Conv). Elements of the padding add nothing. */
export function convolve(x: Float64Array, w: Float64Array, shape: ConvolutionShape): Float64Array {
  const { input, filter, groups, counts } = shape;
  const [batch = 0, channels = 0] = input;
  const [filters = 0, perGroup = 0] = filter;
  const image = elementCount(input.slice(2));
  const taps = elementCount(filter.slice(2));
  const places = elementCount(counts);
  const filtersOfGroup = filters / groups;
  const out = new Float64Array(batch * filters * places);
  const sources = tapSources(shape);
  for (let n = 0, at = 0; n < batch; n++)
    for (let f = 0; f < filters; f++) {
      const first = n * channels + Math.floor(f / filtersOfGroup) * perGroup;
      for (let place = 0; place < places; place++, at++) {
        let sum = 0;
        for (let tap = 0; tap < taps; tap++) {
          const source = sources[place * taps + tap]!;
          if (source < 0) continue;
          for (let c = 0; c < perGroup; c++)
            sum += x[(first + c) * image + source]! * w[(f * perGroup + c) * taps + tap]!;
        }
        out[at] = sum;
      }
    }
  return out;
}

/** For each place of the window and each of its taps the element of the image under it, or -1 in the padding. */
export function tapSources({
  input,
  filter,
  strides,
  dilations,
  before,
  counts,
}: Omit<ConvolutionShape, "groups">): Int32Array {
  const spatial = input.slice(2);
  const window = filter.slice(2);
  const steps = stridesOf(spatial);
  const places = indicesOf(counts);
  const taps = indicesOf(window);
  const sources = new Int32Array(places.length * taps.length);
  for (const [p, place] of places.entries())
    for (const [t, tap] of taps.entries()) {
      let source = 0;
      for (let axis = 0; axis < spatial.length; axis++) {
        const at = place[axis]! * strides[axis]! - before[axis]! + tap[axis]! * dilations[axis]!;
        source = at < 0 || at >= spatial[axis]! || source < 0 ? -1 : source + at * steps[axis]!;
      }
      sources[p * taps.length + t] = source;
    }
  return sources;
}

/** All positions of a shape, row by row. */
export function indicesOf(shape: readonly number[]): number[][] {
  return Array.from({ length: elementCount(shape) }, (_, position) => {
    let rest = position;
    const index = new Array<number>(shape.length);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const length = shape[axis]!;
      index[axis] = rest % length;
      rest = Math.floor(rest / length);
    }
    return index;
  });
}
