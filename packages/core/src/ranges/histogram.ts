/**
 * A histogram of a stream: a fixed number of equal bins whose width is a power of two and whose edges are multiples of
 * it. When data lies outside, the bins move, or neighbours merge in pairs until everything fits; since coarser edges
 * are a subset of finer ones, that moves counts exactly and loses none.
 */
import { extent as extentOf, type Range, rangeUnion } from "./observer.ts";

export interface Histogram {
  /** Width of a bin, a power of two. 0 as long as nothing was added. */
  readonly width: number;
  /** Lower edge of the first bin, in widths: bin i holds x with first + i <= x / width < first + i + 1. */
  readonly first: number;
  readonly counts: Float64Array;
  /** Smallest and largest value added, exactly. */
  readonly min: number;
  readonly max: number;
  readonly total: number;
  /** Adds finite values; `extent` is theirs, if the caller has it. */
  add(batch: ArrayLike<number>, extent?: Range): void;
  /** The k-th smallest value, k from 0 to total - 1, to within one bin. */
  order(k: number): number;
}

/** An empty histogram. Once there is data, half of the bins or more span it, unless it is all alike or far from zero. */
export function histogram(bins = 2048): Histogram {
  let width = 0;
  let first = 0;
  let counts = new Float64Array(bins);
  let range: Range = { min: Infinity, max: -Infinity };
  let total = 0;

  /** Chooses width and first so that the range fits, and carries the counts over. */
  function fit({ min, max }: Range): void {
    let next = width;
    if (next === 0) {
      // Fine enough for the span, coarse enough that bin numbers stay exact integers.
      const wanted = Math.max((max - min) / bins, Math.max(-min, max) * 2 ** -40, 2 ** -200);
      next = 2 ** (Math.floor(Math.log2(wanted)) - 1);
    }
    while (Math.floor(max / next) - Math.floor(min / next) >= bins) next *= 2;
    const low = Math.floor(min / next);
    const high = Math.floor(max / next);
    const from = first;
    const merge = width / next;
    if (next === width && low >= first && high < first + bins) return;
    first = low - Math.floor((bins - 1 - (high - low)) / 2);
    width = next;
    const old = counts;
    counts = new Float64Array(bins);
    old.forEach((count, i) => {
      if (count > 0) counts[Math.floor((from + i) * merge) - first]! += count;
    });
  }

  return {
    get width() {
      return width;
    },
    get first() {
      return first;
    },
    get counts() {
      return counts;
    },
    get min() {
      return range.min;
    },
    get max() {
      return range.max;
    },
    get total() {
      return total;
    },
    add(batch, extent = extentOf(batch)) {
      if (batch.length === 0) return;
      range = rangeUnion(range, extent);
      fit(range);
      count(batch, counts, 1 / width, first);
      total += batch.length;
    },
    order(k) {
      let below = 0;
      let bin = 0;
      while (bin < bins - 1 && below + counts[bin]! <= k) below += counts[bin++]!;
      const x = (first + bin + (k - below + 0.5) / counts[bin]!) * width;
      return Math.min(Math.max(x, range.min), range.max);
    },
  };
}

/** A power of two times x is exact, so every value falls into its own bin and not beside it. */
function count(batch: ArrayLike<number>, counts: Float64Array, perWidth: number, first: number): void {
  for (let i = 0; i < batch.length; i++) {
    const bin = (Math.floor(batch[i]! * perWidth) - first) | 0;
    counts[bin] = counts[bin]! + 1;
  }
}
