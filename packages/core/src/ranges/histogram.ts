/**
 * A histogram of a stream: a fixed number of equal bins whose width is a power of two and whose edges are multiples of
 * it. When data lies outside, the bins move, or neighbours merge in pairs until everything fits; since coarser edges
 * are a subset of finer ones, that moves counts exactly and loses none.
 */
import { ArgumentError } from "../errors.ts";
import { extent as extentOf, type Range, rangeUnion } from "./observer.ts";

/** What a histogram knows, as plain data. `percentileRange`, `mseRange` and `entropyRange` answer from it. */
export interface HistogramData {
  /** Width of a bin, a power of two. 0 as long as nothing was added. */
  readonly width: number;
  /** Lower edge of the first bin, in widths: bin i holds x with first + i <= x / width < first + i + 1. */
  readonly first: number;
  readonly counts: Float64Array;
  /** Smallest and largest value added, exactly. */
  readonly min: number;
  readonly max: number;
  readonly total: number;
}

export interface Histogram extends HistogramData {
  /** Adds finite values; `extent` is theirs, if the caller has it. */
  add(batch: ArrayLike<number>, extent?: Range): void;
  /** The k-th smallest value, k from 0 to total - 1, to within one bin. */
  order(k: number): number;
}

/**
 * An empty histogram, or one that goes on where another stopped. Once there is data, half of the bins or more span it,
 * unless it is all alike or far from zero.
 * @throws ArgumentError for `from` that no histogram can be
 */
export function histogram(bins = 2048, from?: HistogramData): Histogram {
  let width = 0;
  let first = 0;
  let counts = new Float64Array(bins);
  let range: Range = { min: Infinity, max: -Infinity };
  let total = 0;
  if (from !== undefined && from.total > 0) {
    checkHistogram(from);
    range = { min: from.min, max: from.max };
    total = from.total;
    ({ width, first } = fitting(range, bins, from.width));
    merge(from, counts, width, first);
  }

  /** Chooses width and first so that the range fits, and carries the counts over. */
  function fit(range: Range): void {
    const old = { width, first, counts };
    const next = fitting(range, bins, width || finest(range, bins));
    const high = Math.floor(range.max / next.width);
    if (next.width === width && Math.floor(range.min / width) >= first && high < first + bins) return;
    ({ width, first } = next);
    counts = new Float64Array(bins);
    if (old.width > 0) merge(old, counts, width, first);
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
      return orderStatistic({ width, first, counts, ...range, total }, k);
    },
  };
}

/** A copy of what a histogram knows, without the empty bins at both ends. */
export function histogramData({ width, first, counts, min, max, total }: HistogramData): HistogramData {
  const low = counts.findIndex((count) => count > 0);
  const high = counts.findLastIndex((count) => count > 0);
  if (low < 0) return { width: 0, first: 0, counts: new Float64Array(), min, max, total };
  return { width, first: first + low, counts: counts.slice(low, high + 1), min, max, total };
}

/** The same data in at most `bins` bins, as a histogram of that many would have them. */
export function coarsen(seen: HistogramData, bins: number): HistogramData {
  const { min, max, total } = seen;
  if (total === 0) return histogramData(seen);
  const { width, first } = fitting(seen, bins, seen.width);
  const counts = new Float64Array(bins);
  merge(seen, counts, width, first);
  return { width, first, counts, min, max, total };
}

/** The k-th smallest value, k from 0 to total - 1, to within one bin: values lie evenly in theirs. */
export function orderStatistic({ width, first, counts, min, max }: HistogramData, k: number): number {
  let below = 0;
  let bin = 0;
  while (bin < counts.length - 1 && below + counts[bin]! <= k) below += counts[bin++]!;
  const x = (first + bin + (k - below + 0.5) / counts[bin]!) * width;
  return Math.min(Math.max(x, min), max);
}

/** For data from outside. @throws ArgumentError for what no histogram can be */
export function checkHistogram({ width, first, counts, min, max, total }: HistogramData): void {
  const check = (ok: boolean, what: string) => {
    if (!ok) throw new ArgumentError(`a histogram ${what}; take it from histogramData`);
  };
  if (total === 0) return;
  check(width > 0 && Number.isInteger(Math.log2(width)), `has bins ${width} wide, which is no power of two`);
  check(Number.isSafeInteger(first), `begins at bin ${first}`);
  check(Number.isFinite(min) && min <= max && max < Infinity, `is of values from ${min} to ${max}`);
  const inside = (x: number) => x / width >= first && x / width < first + counts.length;
  check(inside(min) && inside(max), `has no bins for ${min} or ${max}`);
  let sum = 0;
  for (const count of counts) {
    check(Number.isSafeInteger(count) && count >= 0, `has a bin that counts ${count}`);
    sum += count;
  }
  check(sum === total, `counts ${sum} in bins and ${total} in all`);
}

/** Fine enough for the span, coarse enough that bin numbers stay exact integers. */
function finest({ min, max }: Range, bins: number): number {
  const wanted = Math.max((max - min) / bins, Math.max(-min, max) * 2 ** -40, 2 ** -200);
  return 2 ** (Math.floor(Math.log2(wanted)) - 1);
}

/** The narrowest bins of at least a width, of which `bins` hold the range, in their middle. */
function fitting({ min, max }: Range, bins: number, from: number): { width: number; first: number } {
  let width = from;
  while (Math.floor(max / width) - Math.floor(min / width) >= bins) width *= 2;
  const low = Math.floor(min / width);
  const high = Math.floor(max / width);
  return { width, first: low - Math.floor((bins - 1 - (high - low)) / 2) };
}

type Bins = Pick<HistogramData, "width" | "first" | "counts">;

/** Adds counts to bins that are as wide, or some power of two wider. */
function merge(from: Bins, counts: Float64Array, width: number, first: number): void {
  const ratio = from.width / width;
  from.counts.forEach((count, i) => {
    if (count > 0) counts[Math.floor((from.first + i) * ratio) - first]! += count;
  });
}

/** A power of two times x is exact, so every value falls into its own bin and not beside it. */
function count(batch: ArrayLike<number>, counts: Float64Array, perWidth: number, first: number): void {
  for (let i = 0; i < batch.length; i++) {
    const bin = (Math.floor(batch[i]! * perWidth) - first) | 0;
    counts[bin] = counts[bin]! + 1;
  }
}
