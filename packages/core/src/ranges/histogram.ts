/**
 * A histogram of a stream: a fixed number of equal bins whose width is a power of two and whose edges are multiples of
 * it. When data lies outside, the bins move, or neighbours merge in pairs until everything fits; since coarser edges
 * are a subset of finer ones, that moves counts exactly and loses none.
 */
import { ArgumentError } from "../errors.ts";
import { extent as extentOf, type Range } from "./observer.ts";

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
  return new StreamHistogram(bins, from);
}

/** A class, because engines optimize a method for all of its instances at once, and a function in a closure for each. */
class StreamHistogram implements Histogram {
  width = 0;
  first = 0;
  counts: Float64Array;
  min = Infinity;
  max = -Infinity;
  total = 0;
  readonly #bins: number;

  constructor(bins: number, from?: HistogramData) {
    this.#bins = bins;
    this.counts = new Float64Array(bins);
    if (from === undefined || from.total === 0) return;
    checkHistogram(from);
    Object.assign(this, coarsen(from, bins));
  }

  add(batch: ArrayLike<number>, extent: Range = extentOf(batch)): void {
    if (batch.length === 0) return;
    this.min = Math.min(this.min, extent.min);
    this.max = Math.max(this.max, extent.max);
    this.#fit();
    count(batch, this.counts, 1 / this.width, this.first);
    this.total += batch.length;
  }

  order(k: number): number {
    return orderStatistic(this, k);
  }

  /** Chooses width and first so that everything fits, and carries the counts over. */
  #fit(): void {
    const { width, first, counts, min, max } = this;
    const next = fitting(this, this.#bins, width || finest(this, this.#bins));
    const isInside = Math.floor(min / width) >= first && Math.floor(max / width) < first + this.#bins;
    if (next.width === width && isInside) return;
    Object.assign(this, next);
    this.counts = new Float64Array(this.#bins);
    if (width > 0) merge({ width, first, counts }, this.counts, next.width, next.first);
  }
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

/**
 * A power of two times x is exact, so every value falls into its own bin and not beside it. Eight at a time make the loop
 * too large to be inlined into callers, where V8 would leave it half optimized, at a quarter of the speed.
 */
function count(batch: ArrayLike<number>, counts: Float64Array, perWidth: number, first: number): void {
  const { length } = batch;
  let i = 0;
  for (; i + 7 < length; i += 8) {
    const b0 = (Math.floor(batch[i]! * perWidth) - first) | 0;
    const b1 = (Math.floor(batch[i + 1]! * perWidth) - first) | 0;
    const b2 = (Math.floor(batch[i + 2]! * perWidth) - first) | 0;
    const b3 = (Math.floor(batch[i + 3]! * perWidth) - first) | 0;
    const b4 = (Math.floor(batch[i + 4]! * perWidth) - first) | 0;
    const b5 = (Math.floor(batch[i + 5]! * perWidth) - first) | 0;
    const b6 = (Math.floor(batch[i + 6]! * perWidth) - first) | 0;
    const b7 = (Math.floor(batch[i + 7]! * perWidth) - first) | 0;
    counts[b0] = counts[b0]! + 1;
    counts[b1] = counts[b1]! + 1;
    counts[b2] = counts[b2]! + 1;
    counts[b3] = counts[b3]! + 1;
    counts[b4] = counts[b4]! + 1;
    counts[b5] = counts[b5]! + 1;
    counts[b6] = counts[b6]! + 1;
    counts[b7] = counts[b7]! + 1;
  }
  for (; i < length; i++) {
    const bin = (Math.floor(batch[i]! * perWidth) - first) | 0;
    counts[bin] = counts[bin]! + 1;
  }
}
