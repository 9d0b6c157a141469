/**
 * Extremes, mean and mean of squares of the channels of a stream of tensors. One loop finds them all: what it sums up
 * also tells whether there is a NaN or an infinity, so that nothing has to be looked at twice.
 */
import { extent, type Range } from "@bitbudget/core";
import type { ChannelStatistics } from "./statistics.ts";

export type Floats = Float32Array | Float64Array;

/** A tensor seen as [outer, channels, inner]. */
export interface ChannelLayout {
  readonly channels: number;
  readonly inner: number;
}

/** @param axis 1, or -1 for the last one; undefined where the shape has no such axis */
export function channelLayout(shape: readonly number[], axis: number): ChannelLayout | undefined {
  const at = axis < 0 ? shape.length + axis : axis;
  const channels = shape[at];
  if (channels === undefined) return undefined;
  return { channels, inner: shape.slice(at + 1).reduce((a, b) => a * b, 1) };
}

/**
 * Statistics of each channel of the tensors that are added, a stretch of elements at a time. Stretches that fit into the
 * cache make it worth looking at the same elements again right after, as a histogram does.
 */
export class ChannelObserver {
  readonly channels: number;
  readonly #sums: Sums;
  #count = 0;

  constructor(channels: number) {
    this.channels = channels;
    this.#sums = {
      min: new Float64Array(channels).fill(Infinity),
      max: new Float64Array(channels).fill(-Infinity),
      sum: new Float64Array(channels),
      square: new Float64Array(channels),
    };
  }

  /**
   * Takes in the elements of a tensor from one to another, and says what the extremes of these are.
   * @throws NaNError, InfinityError with the index; after that nothing here is of use any more
   */
  add(values: Floats, inner: number, from: number, to: number): Range {
    const found =
      inner === 1 ? addRows(values, from, to, this.#sums) : addRuns(values, from, to, this.#sums, inner);
    // Sums of doubles may overflow by themselves: then there is nothing to find.
    if (!Number.isFinite(found.sum)) extent(values, 0, from, to);
    this.#count += to - from;
    return found;
  }

  /** @param axis as callers know it */
  statistics(axis: number): ChannelStatistics {
    const { min, max, sum, square } = this.#sums;
    const count = this.#count / this.channels;
    const mean = Float32Array.from(sum, (x) => x / count);
    const meanSquare = Float32Array.from(square, (x) => x / count);
    return { axis, count, min: Float32Array.from(min), max: Float32Array.from(max), mean, meanSquare };
  }
}

interface Sums {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  readonly square: Float64Array;
}

/** Of a stretch, all channels together. */
interface Found extends Range {
  readonly sum: number;
}

/** Channels side by side: the last axis. */
function addRows(values: Floats, from: number, to: number, { min, max, sum, square }: Sums): Found {
  const channels = sum.length;
  let low = Infinity;
  let high = -Infinity;
  let total = 0;
  for (let i = from, c = from % channels; i < to; i++, c++) {
    if (c === channels) c = 0;
    const x = values[i]!;
    if (x < low) low = x;
    if (x > high) high = x;
    if (x < min[c]!) min[c] = x;
    if (x > max[c]!) max[c] = x;
    total += x;
    sum[c]! += x;
    square[c]! += x * x;
  }
  return { min: low, max: high, sum: total };
}

/** Each channel in a run of its own. Four sums at a time, because one addition would wait for the one before. */
function addRuns(
  values: Floats,
  from: number,
  to: number,
  { min, max, sum, square }: Sums,
  inner: number,
): Found {
  let lowest = Infinity;
  let highest = -Infinity;
  let total = 0;
  for (let i = from; i < to; ) {
    const run = Math.floor(i / inner);
    const c = run % sum.length;
    const end = Math.min(to, (run + 1) * inner);
    let low = Infinity;
    let high = -Infinity;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let q0 = 0;
    let q1 = 0;
    let q2 = 0;
    let q3 = 0;
    for (; i + 3 < end; i += 4) {
      const x0 = values[i]!;
      const x1 = values[i + 1]!;
      const x2 = values[i + 2]!;
      const x3 = values[i + 3]!;
      if (x0 < low) low = x0;
      if (x0 > high) high = x0;
      if (x1 < low) low = x1;
      if (x1 > high) high = x1;
      if (x2 < low) low = x2;
      if (x2 > high) high = x2;
      if (x3 < low) low = x3;
      if (x3 > high) high = x3;
      s0 += x0;
      s1 += x1;
      s2 += x2;
      s3 += x3;
      q0 += x0 * x0;
      q1 += x1 * x1;
      q2 += x2 * x2;
      q3 += x3 * x3;
    }
    for (; i < end; i++) {
      const x = values[i]!;
      if (x < low) low = x;
      if (x > high) high = x;
      s0 += x;
      q0 += x * x;
    }
    const s = s0 + s1 + (s2 + s3);
    if (low < lowest) lowest = low;
    if (high > highest) highest = high;
    if (low < min[c]!) min[c] = low;
    if (high > max[c]!) max[c] = high;
    total += s;
    sum[c]! += s;
    square[c]! += q0 + q1 + (q2 + q3);
  }
  return { min: lowest, max: highest, sum: total };
}
