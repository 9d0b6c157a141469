/** Percentile: the range that leaves out the rarest values at both ends. */
import { ArgumentError, NoDataError } from "../errors.ts";
import { type HistogramData, histogram, orderStatistic } from "./histogram.ts";
import { type Observer, observer, type Range } from "./observer.ts";

/**
 * The range that holds the middle `percent` of the values, in (0, 100]: half of the rest is cut at either end, and 100
 * is min-max. Between order statistics it interpolates linearly, and lies within one histogram bin of the exact answer.
 */
export function percentile({ percent = 99.99 }: { readonly percent?: number } = {}): Observer {
  checkPercent(percent);
  const seen = histogram();
  return observer(
    (batch, extent) => seen.add(batch, extent),
    () => percentileRange(seen, { percent }),
  );
}

/** As `percentile`, of a histogram. @throws NoDataError for an empty one */
export function percentileRange(
  seen: HistogramData,
  { percent = 99.99 }: { readonly percent?: number } = {},
): Range {
  checkPercent(percent);
  if (seen.total === 0) throw new NoDataError();
  if (percent === 100) return { min: seen.min, max: seen.max };
  const cut = (100 - percent) / 200;
  return { min: quantile(seen, cut), max: quantile(seen, 1 - cut) };
}

function checkPercent(percent: number): void {
  if (!(percent > 0 && percent <= 100)) {
    throw new ArgumentError(`percent ${percent} is not in (0, 100]; 99.9 to 99.999 is common`);
  }
}

function quantile(seen: HistogramData, q: number): number {
  const at = q * (seen.total - 1);
  const low = orderStatistic(seen, Math.floor(at));
  return low + (at % 1) * (orderStatistic(seen, Math.ceil(at)) - low);
}
