/**
 * What every method of range determination has in common: it sees the data once, batch by batch, in memory that does
 * not depend on how much data there is, and names a range at the end.
 */
import { InfinityError, NaNError, NoDataError } from "../errors.ts";

/** A closed interval of real numbers that the codes of a mapping are to cover. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** A streaming range estimator for the values that share one scale. */
export interface Observer {
  /**
   * Takes in one batch; an empty one changes nothing. Throws NaNError or InfinityError, with the index and the number
   * of the batch, before anything of that batch is taken in.
   */
  observe(batch: ArrayLike<number>): void;
  /** The range for everything observed so far; more may be observed afterwards. Throws NoDataError when there is nothing. */
  range(): Range;
  /** How many values were observed. */
  readonly count: number;
}

/**
 * Smallest and largest of the values from `start` to `end`; Infinity and -Infinity if there are none. Errors name the batch
 * by `number`.
 */
export function extent(batch: ArrayLike<number>, number = 0, start = 0, end = batch.length): Range {
  let min = Infinity;
  let max = -Infinity;
  for (let i = start; i < end; i++) {
    min = Math.min(min, batch[i]!);
    max = Math.max(max, batch[i]!);
  }
  // NaN has spread to both, and an infinity is one of them.
  if (!(max - min < Infinity)) {
    for (let i = start; i < end; i++) {
      const x = batch[i]!;
      if (Number.isNaN(x)) throw new NaNError(i, number);
      if (!Number.isFinite(x)) throw new InfinityError(x, i, number);
    }
  }
  return { min, max };
}

/** The smallest range that holds both. */
export function rangeUnion(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

/** An observer out of its two halves: `add` takes in a batch that is finite and not empty, `range` follows some data. */
export function observer(
  add: (batch: ArrayLike<number>, extent: Range) => void,
  range: () => Range,
): Observer {
  let count = 0;
  let batches = 0;
  return {
    observe(batch) {
      const found = extent(batch, batches++);
      if (batch.length > 0) add(batch, found);
      count += batch.length;
    },
    range() {
      if (count === 0) throw new NoDataError();
      return range();
    },
    get count() {
      return count;
    },
  };
}
