/**
 * Moving average: the extremes of single batches, averaged exponentially over batches, so that one odd batch does not
 * set the range (Jacob et al. 2018, section 3.1). Depends on the order and the size of the batches.
 */
import { ArgumentError } from "../errors.ts";
import { type Observer, observer, type Range } from "./observer.ts";

/**
 * `momentum` in [0, 1) is the weight of the past: min = momentum * min + (1 - momentum) * min of the batch. The first
 * batch sets the range.
 */
export function movingAverage({ momentum = 0.9 }: { readonly momentum?: number } = {}): Observer {
  if (!(momentum >= 0 && momentum < 1)) {
    throw new ArgumentError(
      `momentum ${momentum} is not in [0, 1); it is the weight of the past, often 0.9 to 0.99`,
    );
  }
  let range: Range | undefined;
  return observer(
    (_, { min, max }) => {
      const past = range ?? { min, max };
      range = { min: mix(past.min, min), max: mix(past.max, max) };
    },
    () => range!,
  );

  function mix(past: number, now: number): number {
    return now + momentum * (past - now);
  }
}
