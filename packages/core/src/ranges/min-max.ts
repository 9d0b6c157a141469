/** Min-max: the range is everything that was seen. No value saturates; one outlier widens every step. */
import { type Observer, observer, type Range, rangeUnion } from "./observer.ts";

/** Smallest and largest value over all batches. */
export function minMax(): Observer {
  let range: Range = { min: Infinity, max: -Infinity };
  return observer(
    (_, extent) => {
      range = rangeUnion(range, extent);
    },
    () => range,
  );
}
