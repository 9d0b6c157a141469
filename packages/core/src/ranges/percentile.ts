/** Percentile: the range that leaves out the rarest values at both ends. */
import { ArgumentError } from "../errors.ts";
import { histogram } from "./histogram.ts";
import { type Observer, observer } from "./observer.ts";

/**
 * The range that holds the middle `percent` of the values, in (0, 100]: half of the rest is cut at either end, and 100
 * is min-max. Between order statistics it interpolates linearly, and lies within one histogram bin of the exact answer.
 */
export function percentile({ percent = 99.99 }: { readonly percent?: number } = {}): Observer {
  if (!(percent > 0 && percent <= 100)) {
    throw new ArgumentError(`percent ${percent} is not in (0, 100]; 99.9 to 99.999 is common`);
  }
  const cut = (100 - percent) / 200;
  const seen = histogram();
  return observer(seen.add, () =>
    percent === 100 ? { min: seen.min, max: seen.max } : { min: quantile(cut), max: quantile(1 - cut) },
  );

  function quantile(q: number): number {
    const at = q * (seen.total - 1);
    const low = seen.order(Math.floor(at));
    return low + (at % 1) * (seen.order(Math.ceil(at)) - low);
  }
}
