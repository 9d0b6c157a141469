/** How far two models are from each other on the same data: their predictions, and their outputs. */
import { type HostTensor, valuesOf } from "@bitbudget/core";
import type { Feeds, Results } from "@bitbudget/runtime";
import { TrainingError } from "../errors.ts";

/** Anything that runs a model: a `Session`, a `Simulation`, another runtime. */
export interface Runnable {
  run(feeds: Feeds): Promise<Results>;
}

export interface Comparison {
  /** Predictions: the place of the largest number along the last axis, the first one of several. */
  readonly predictions: number;
  /** Those that are the same. */
  readonly agreeing: number;
  /** Of |a - b| over all elements of the output. */
  readonly largestDifference: number;
  readonly meanDifference: number;
  /** Whether every output has the same bits. */
  readonly identical: boolean;
}

/**
 * Runs both on every batch.
 * @param options.output name of the output to compare; default the first one
 * @throws TrainingError when there are no batches, or a model gives no such output, or of another shape
 */
export async function compare(
  a: Runnable,
  b: Runnable,
  batches: AsyncIterable<Feeds> | Iterable<Feeds>,
  { output }: { readonly output?: string } = {},
): Promise<Comparison> {
  let [predictions, agreeing, largest, sum, elements, identical] = [0, 0, 0, 0, 0, true];
  for await (const feeds of batches) {
    const [left, right] = [await a.run(feeds), await b.run(feeds)].map((results) => pick(results, output));
    if (left === undefined || right === undefined || left.shape.join() !== right.shape.join())
      throw new TrainingError(
        `the outputs to compare are [${left?.shape ?? "none"}] and [${right?.shape ?? "none"}]; name one that both models have`,
      );
    const [x, y] = [valuesOf(left), valuesOf(right)];
    for (let i = 0; i < x.length; i++) {
      const difference = Math.abs(x[i]! - y[i]!);
      largest = Math.max(largest, difference);
      sum += difference;
      identical &&= Object.is(x[i], y[i]);
    }
    elements += x.length;
    const classes = left.shape.at(-1) ?? 1;
    for (let at = 0; at < x.length; at += classes) {
      predictions++;
      agreeing += Number(largestAt(x, at, classes) === largestAt(y, at, classes));
    }
  }
  if (elements === 0) throw new TrainingError("there is nothing to compare: no batches, or empty outputs");
  return {
    predictions,
    agreeing,
    largestDifference: largest,
    meanDifference: sum / elements,
    identical,
  };
}

function pick(results: Results, name: string | undefined): HostTensor | undefined {
  return name === undefined ? Object.values(results)[0] : results[name];
}

function largestAt(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[start + i]! > values[start + best]!) best = i;
  return best;
}
