/**
 * Which channel each element of a tensor belongs to, as a small tensor of integers: its shape is that of the tensor with
 * 1 wherever the channel does not depend on the axis, and -1 stands for elements that belong to none. Channels of an
 * image are [1, C, 1, 1]; after a Flatten, a split into heads or a Concat the map still says whose elements are whose.
 */
import { elementCount } from "@bitbudget/core";

export interface ChannelMap {
  readonly shape: readonly number[];
  readonly channels: Int32Array;
}

/** Sizes of a value: numbers, and symbols or null for what is not known. */
export type Sizes = readonly (number | string | null)[];

export const NONE = -1;

/** `channels` along one axis of a tensor of that rank. */
export function along(rank: number, axis: number, channels: Int32Array): ChannelMap {
  return { shape: Array.from({ length: rank }, (_, at) => (at === axis ? channels.length : 1)), channels };
}

/** Channel 0, 1, ... of an axis. */
export function axisMap(rank: number, axis: number, count: number): ChannelMap {
  return along(
    rank,
    axis,
    Int32Array.from({ length: count }, (_, i) => i),
  );
}

/** The channels along an axis; undefined where they depend on another axis, too. */
export function channelsAlong({ shape, channels }: ChannelMap, axis: number): Int32Array | undefined {
  return shape[axis] === channels.length ? channels : undefined;
}

export function sameMap(a: ChannelMap, b: ChannelMap): boolean {
  return a.shape.join() === b.shape.join() && a.channels.every((channel, i) => channel === b.channels[i]);
}

/** Whether a map can be laid over a value of these sizes. */
export function covers({ shape }: ChannelMap, sizes: Sizes | undefined): boolean {
  return (
    sizes !== undefined &&
    sizes.length === shape.length &&
    shape.every((size, axis) => size === 1 || size === sizes[axis])
  );
}

/** The map of the transposed value. @param permutation of ONNX Transpose */
export function transposed(map: ChannelMap, permutation: readonly number[]): ChannelMap {
  const strides = stridesOf(map.shape);
  const shape = permutation.map((axis) => map.shape[axis] ?? 1);
  const steps = permutation.map((axis) => strides[axis] ?? 0);
  return { shape, channels: gather(map.channels, shape, steps) };
}

/** The map repeated along axes where it has one element. */
export function broadcast(map: ChannelMap, shape: readonly number[]): ChannelMap {
  const offset = shape.length - map.shape.length;
  const strides = stridesOf(map.shape);
  const steps = shape.map((_, axis) => ((map.shape[axis - offset] ?? 1) === 1 ? 0 : strides[axis - offset]!));
  return { shape, channels: gather(map.channels, shape, steps) };
}

/** Elements from `start` to `end` of an axis; channels of the value that a Concat, say, is made from. */
export function sliced(map: ChannelMap, axis: number, start: number, end: number): ChannelMap {
  const shape = map.shape.with(axis, end - start);
  const strides = stridesOf(map.shape);
  const part = map.channels.subarray(start * strides[axis]!);
  return { shape, channels: gather(part, shape, strides) };
}

/** The map at a place along an axis of a longer value, whose other elements belong to no channel. */
export function placed(map: ChannelMap, axis: number, start: number, size: number): ChannelMap {
  const shape = map.shape.with(axis, size);
  const channels = new Int32Array(elementCount(shape)).fill(NONE);
  const inner = elementCount(shape.slice(axis + 1));
  const length = map.shape[axis]! * inner;
  for (let at = 0, to = start * inner; at < map.channels.length; at += length, to += size * inner)
    channels.set(map.channels.subarray(at, at + length), to);
  return { shape, channels };
}

/**
 * The map of the reshaped value: what both shapes have in common at their ends stays, and what lies between is repeated
 * to its full size, which must be known.
 */
export function reshaped(map: ChannelMap, from: Sizes, to: Sizes): ChannelMap | undefined {
  let head = 0;
  while (head < Math.min(from.length, to.length) && from[head] !== null && from[head] === to[head]) head++;
  let tail = 0;
  while (
    tail < Math.min(from.length, to.length) - head &&
    from.at(-1 - tail) !== null &&
    from.at(-1 - tail) === to.at(-1 - tail)
  )
    tail++;
  const [before, between] = [map.shape.slice(0, head), from.slice(head, from.length - tail)];
  const after = tail === 0 ? [] : map.shape.slice(-tail);
  const target = to.slice(head, to.length - tail);
  // Axes that the channel does not depend on may be of any size.
  if (map.shape.slice(head, from.length - tail).every((size) => size === 1))
    return { shape: [...before, ...target.map(() => 1), ...after], channels: map.channels };
  if (!isKnown(between) || !isKnown(target) || elementCount(between) !== elementCount(target))
    return undefined;
  const full = broadcast(map, [...before, ...between, ...after]);
  return squeezed({ shape: [...before, ...target, ...after], channels: full.channels });
}

function isKnown(sizes: Sizes): sizes is readonly number[] {
  return sizes.every((size) => typeof size === "number");
}

/** One element along axes on which nothing depends. */
function squeezed(map: ChannelMap): ChannelMap {
  let current = map;
  for (const [axis, size] of map.shape.entries()) {
    if (size === 1) continue;
    const first = sliced(current, axis, 0, 1);
    if (sameMap(broadcast(first, current.shape), current)) current = first;
  }
  return current;
}

export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
}

function gather(source: Int32Array, shape: readonly number[], steps: readonly number[]): Int32Array {
  const out = new Int32Array(elementCount(shape));
  forEachIndex(shape, steps, (i, at) => {
    out[i] = source[at]!;
  });
  return out;
}

/** Visits the elements of a row-major tensor, and where each lies in another one that has these strides. */
export function forEachIndex(
  shape: readonly number[],
  steps: readonly number[],
  visit: (index: number, at: number) => void,
): void {
  if (elementCount(shape) === 0) return;
  const axes = mergedAxes(shape, steps);
  const { size: length, step } = axes.pop() ?? { size: 1, step: 0 };
  const count = axes.reduce((product, { size }) => product * size, 1);
  const position = new Int32Array(axes.length);
  for (let row = 0, index = 0, start = 0; row < count; row++) {
    for (let i = 0, at = start; i < length; i++, at += step) visit(index++, at);
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const outer = axes[axis]!;
      start += outer.step;
      if (++position[axis]! < outer.size) break;
      start -= outer.step * outer.size;
      position[axis] = 0;
    }
  }
}

/** Axes of one element left out, and those that follow each other in both tensors as one. */
function mergedAxes(shape: readonly number[], steps: readonly number[]): { size: number; step: number }[] {
  const merged: { size: number; step: number }[] = [];
  for (const [axis, size] of shape.entries()) {
    const step = steps[axis]!;
    const last = merged.at(-1);
    if (size === 1) continue;
    if (last !== undefined && last.step === step * size) {
      last.size *= size;
      last.step = step;
    } else merged.push({ size, step });
  }
  return merged;
}

/** Visits the elements of a tensor with their channels: `map` is broadcast to its shape. */
export function forEachChannel(
  shape: readonly number[],
  map: ChannelMap,
  visit: (index: number, channel: number) => void,
): void {
  const offset = shape.length - map.shape.length;
  const strides = stridesOf(map.shape);
  const steps = shape.map((_, axis) => ((map.shape[axis - offset] ?? 1) === 1 ? 0 : strides[axis - offset]!));
  const { channels } = map;
  forEachIndex(shape, steps, (i, at) => visit(i, channels[at]!));
}
