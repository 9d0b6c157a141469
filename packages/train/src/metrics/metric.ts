/** What a model is measured by: sums over batches, on the host. */
import type { HostTensor } from "@bitbudget/core";
import { FeedError, type Results } from "@bitbudget/runtime";
import type { Batch } from "../batch.ts";

export interface Metric {
  /** Names of values of the model that it looks at. */
  readonly values: readonly string[];
  start(): Measurement;
}

export interface Measurement {
  /** @param values of the model for the feeds of a batch */
  add(values: Results, batch: Batch): void;
  /** Of everything that was added; NaN if that was nothing. */
  result(): number;
}

/**
 * The mean of numbers that follow from a value of the model and a target.
 * @param numbers of one batch
 */
export function meanOf(
  value: string,
  target: string,
  numbers: (value: HostTensor, target: HostTensor) => Iterable<number>,
): Metric {
  return {
    values: [value],
    start: () => {
      let [sum, count] = [0, 0];
      return {
        add: (values, { targets }) => {
          const given = targets[target];
          if (given === undefined) throw new FeedError(target, "is missing among the targets of a batch");
          for (const x of numbers(values[value]!, given)) {
            sum += x;
            count++;
          }
        },
        result: () => sum / count,
      };
    },
  };
}

/** @throws FeedError for a target of another shape than it needs */
export function checkShape(target: string, { shape }: HostTensor, expected: readonly number[]): void {
  if (shape.join() === expected.join()) return;
  throw new FeedError(
    target,
    `has the shape [${shape.join(", ")}]; for this value of the model it needs [${expected.join(", ")}]`,
  );
}
