/**
 * Means with intervals. Samples are what is drawn at random: labels of one text are not independent of each other, so where
 * samples have several, they are drawn anew as a whole (bootstrap).
 */
import {
  bootstrapInterval,
  type Interval,
  meanInterval,
  pairedDifferenceInterval,
  proportionInterval,
} from "@bitbudget/search";
import { CliError } from "../errors.ts";

export interface ScoredSamples {
  readonly sums: readonly number[];
  readonly counts: readonly number[];
}

const SEED = 0;

/** The mean over labels. */
export function figure(scores: ScoredSamples): Interval {
  const { sums, counts } = checked(scores);
  if (!counts.every((count) => count === 1))
    return bootstrapInterval(sums.length, (indices) => ratio(indices, sums, counts), { seed: SEED });
  if (sums.every(isRightOrWrong)) return proportionInterval(total(sums), sums.length);
  return meanInterval(sums);
}

/** Of the mean of the first minus that of the second, both of the same samples. */
export function difference(first: ScoredSamples, second: ScoredSamples): Interval {
  const [a, b] = [checked(first).sums, checked(second).sums];
  const { counts } = first;
  if (!counts.every((count) => count === 1))
    return bootstrapInterval(
      a.length,
      (indices) => ratio(indices, a, counts) - ratio(indices, b, second.counts),
      { seed: SEED },
    );
  if (!a.every(isRightOrWrong) || !b.every(isRightOrWrong)) return meanInterval(a.map((x, i) => x - b[i]!));
  const count = (x: number, y: number) => a.filter((each, i) => each === x && b[i] === y).length;
  return pairedDifferenceInterval({
    both: count(1, 1),
    first: count(1, 0),
    second: count(0, 1),
    neither: count(0, 0),
  });
}

function checked(scores: ScoredSamples): ScoredSamples {
  if (total(scores.counts) === 0) throw new CliError("no sample has a label that counts; check --data");
  if (scores.sums.length < 2) throw new CliError("one sample says nothing of others; give --data with more");
  return scores;
}

function ratio(indices: Uint32Array, sums: readonly number[], counts: readonly number[]): number {
  let [sum, count] = [0, 0];
  for (const i of indices) [sum, count] = [sum + sums[i]!, count + counts[i]!];
  return sum / count;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0);
}

function isRightOrWrong(x: number): boolean {
  return x === 0 || x === 1;
}
