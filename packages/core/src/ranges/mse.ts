/**
 * MSE: the range with the smallest expected squared error of quantization. A narrower range has smaller steps but cuts
 * off more, and where the two balance depends on the format (Banner et al. 2019, ACIQ, solve it for known densities).
 * Here the density is the histogram, uniform within each bin, over which the error has a closed form.
 */
import { dtypes, type IntegerName } from "../dtypes.ts";
import { NoDataError } from "../errors.ts";
import { affineScale, affineZeroPoint } from "../mappings/affine.ts";
import { checkFormat, type RangeFormat } from "./format.ts";
import { type HistogramData, histogram } from "./histogram.ts";
import { type Observer, observer, type Range } from "./observer.ts";

/**
 * For an affine mapping to an integer format. The answer lies within what was seen, and zero: an affine mapping has zero
 * in its range anyway.
 */
export function mse(format: RangeFormat): Observer {
  checkFormat("mse", format);
  const seen = histogram();
  return observer(
    (batch, extent) => seen.add(batch, extent),
    () => mseRange(seen, format),
  );
}

/** As `mse`, of a histogram. @throws NoDataError for an empty one */
export function mseRange(seen: HistogramData, format: RangeFormat): Range {
  checkFormat("mse", format);
  if (seen.total === 0) throw new NoDataError();
  const { dtype, symmetric } = format;
  const min = Math.min(seen.min, 0);
  const max = Math.max(seen.max, 0);
  const error = (range: Range) => expectedError(seen, range, dtype, symmetric);
  if (symmetric) {
    const largest = Math.max(-min, max);
    const clip = (t: number) => ({ min: Math.max(min, -t * largest), max: Math.min(max, t * largest) });
    return clip(smallest((t) => error(clip(t))));
  }
  const within = (low: number, high: number) => ({ min: min * low, max: max * high });
  // Both ends at once, then each in turn.
  let low = smallest((t) => error(within(t, t)));
  let high = low;
  for (let turn = 0; turn < 2; turn++) {
    low = smallest((t) => error(within(t, high)));
    high = smallest((t) => error(within(low, t)));
  }
  return within(low, high);
}

/** Mean of (x - quantized x)^2 over the histogram under the affine mapping that covers `range`. */
function expectedError(seen: HistogramData, range: Range, dtype: IntegerName, symmetric: boolean): number {
  const scale = affineScale(range, dtype, symmetric);
  const zeroPoint = affineZeroPoint(range, scale, dtype, symmetric);
  const lowest = dtypes[dtype].min - zeroPoint;
  const highest = dtypes[dtype].max - zeroPoint;
  const { counts, first } = seen;
  const width = seen.width / scale;
  let sum = 0;
  let left = 0;
  // The edge that `left` is of. Empty bins, often most of them, cost nothing.
  let edge = -1;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (count === 0) continue;
    if (edge !== i) left = integral((first + i) * width);
    const right = integral((first + i + 1) * width);
    sum += count * (right - left);
    left = right;
    edge = i + 1;
  }
  return (sum / width / seen.total) * scale * scale;

  /** Integral of (t - code of t)^2 up to t, in steps: 1/12 for each whole step, and a cubic from the nearest code. */
  function integral(t: number): number {
    const code = Math.min(Math.max(Math.round(t), lowest), highest);
    return code / 12 + (t - code) ** 3 / 3;
  }
}

/** Where in (0, 1] the error is smallest: a geometric grid down to 1/1024, then golden sections beside its best point. */
function smallest(error: (t: number) => number): number {
  const ratio = 2 ** -0.25;
  let best = 1;
  let least = error(1);
  for (let t = ratio; t > 1 / 1024; t *= ratio) {
    const found = error(t);
    if (found < least) [best, least] = [t, found];
  }
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = best * ratio;
  let high = Math.min(best / ratio, 1);
  for (let i = 0; i < 12; i++) {
    const a = high - golden * (high - low);
    const b = low + golden * (high - low);
    if (error(a) <= error(b)) high = b;
    else low = a;
  }
  const middle = (low + high) / 2;
  return error(middle) < least ? middle : best;
}
