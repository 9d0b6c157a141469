/** Ranges per channel or per block: one observer for each group of elements that will share a scale. */
import { ArgumentError } from "../errors.ts";
import { checkElements, forEachRun, type Groups, groupSizes, groupsOf } from "../groups.ts";
import type { Granularity } from "../scheme.ts";
import { extent, type Observer, type Range } from "./observer.ts";

export interface GroupedObserver {
  /**
   * Takes in one batch: a row-major tensor. Shapes may differ from batch to batch where that leaves the number of groups
   * the same. Throws NaNError or InfinityError with the index in `batch`, before anything of it is taken in.
   */
  observe(batch: Float32Array, shape: readonly number[]): void;
  /** One range for each group, in the order of the scales. Throws NoDataError for a group that saw nothing. */
  ranges(): Range[];
}

/**
 * Runs an observer of its own for each group, made by `make`; each sees what is its own of a batch as one batch. Memory:
 * that of the observers, and a copy of the batch while it is taken in.
 *
 *     const observer = grouped({ kind: "channel", axis: 1 }, () => percentile({ percent: 99.9 }));
 *     observer.observe(activations, [8, 64, 56, 56]);
 *     observer.ranges().length; // 64
 */
export function grouped(granularity: Granularity, make: () => Observer): GroupedObserver {
  let observers: Observer[] | undefined;
  let batches = 0;
  return {
    observe(batch, shape) {
      const number = batches++;
      const groups = groupsOf(shape, granularity);
      checkElements(groups, batch.length);
      observers ??= Array.from({ length: groups.count }, make);
      if (observers.length !== groups.count) {
        throw new ArgumentError(
          `the shape [${shape}] has ${groups.count} groups, earlier batches had ${observers.length}; ` +
            "give every batch the same channels or blocks",
        );
      }
      extent(batch, number);
      forEachGroup(batch, groups, (values, group) => observers![group]!.observe(values));
    },
    ranges: () => (observers ?? [make()]).map((observer) => observer.range()),
  };
}

/** Gathers the elements of each group, so that an observer's loop runs over neighbours. */
function forEachGroup(
  batch: Float32Array,
  groups: Groups,
  visit: (values: Float32Array, group: number) => void,
): void {
  const starts = groupSizes(groups);
  for (let group = 0, total = 0; group < groups.count; group++) {
    const size = starts[group]!;
    starts[group] = total;
    total += size;
  }
  const ends = starts.slice();
  const gathered = new Float32Array(batch.length);
  forEachRun(groups, 0, groups.elements, (at, length, group) => {
    if (groups.columnwise) {
      for (let i = 0; i < length; i++) gathered[ends[group + i]!++] = batch[at + i]!;
    } else {
      gathered.set(batch.subarray(at, at + length), ends[group]!);
      ends[group]! += length;
    }
  });
  starts.forEach((start, group) => {
    visit(gathered.subarray(start, ends[group]!), group);
  });
}
