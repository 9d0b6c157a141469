/**
 * Whether data shows that a budget is kept. Both models answer the same samples, none of which the search has seen: what
 * counts is the interval of the difference, not that of each.
 */
import { SearchError } from "../errors.ts";
import { normalQuantile } from "./distributions.ts";
import { type Interval, meanInterval, moments, type Paired, pairedDifferenceInterval } from "./intervals.ts";

export interface PairedResults {
  /** For each sample what the model that is compared with gets: 1 or 0 for right or wrong, or any score; more is better. */
  readonly reference: ArrayLike<number>;
  /** The same of the model that is judged, in the same order. */
  readonly candidate: ArrayLike<number>;
}

export interface Certificate {
  /** "holds": the whole interval is within the budget. "violated": all of it is above. "undecided": there is too little data. */
  readonly verdict: "holds" | "violated" | "undecided";
  /** Of the drop: the mean of reference minus candidate. */
  readonly interval: Interval;
  readonly samples: number;
  /**
   * About how many samples would decide, if more data is like this; `samples` where they do already, Infinity where the drop
   * is the budget itself.
   */
  readonly samplesNeeded: number;
}

/**
 * Judges a drop against a budget, with a two-sided interval: by Newcombe's for answers that are right or wrong, by Student's
 * for other scores.
 * @param budget the largest mean drop that is allowed, as 0.01 for a point of accuracy
 */
export function certify(budget: number, results: PairedResults, confidence = 0.95): Certificate {
  const { reference, candidate } = results;
  const samples = reference.length;
  if (samples !== candidate.length)
    throw new SearchError(
      `paired results are of the same samples, not of ${samples} and ${candidate.length}`,
    );
  if (samples < 2)
    throw new SearchError(`${samples} samples say nothing; use at least two, better thousands`);
  const differences = Float64Array.from(reference, (score, i) => score - candidate[i]!);
  if (!differences.every(Number.isFinite)) throw new SearchError("a score is not a finite number");
  const paired = pairedCounts(reference, candidate);
  const interval =
    paired === undefined
      ? meanInterval(differences, confidence)
      : pairedDifferenceInterval(paired, confidence);
  const verdict = judge(interval, budget);
  if (verdict !== "undecided") return { verdict, interval, samples, samplesNeeded: samples };
  // As if each sample had been drawn so many times.
  const z = normalQuantile((1 + confidence) / 2);
  const half = z * moments(differences).deviation;
  const { estimate } = interval;
  const at = (n: number): Interval => {
    if (paired !== undefined) return pairedDifferenceInterval(scaled(paired, n / samples), confidence);
    const width = half / Math.sqrt(n);
    return { estimate, low: estimate - width, high: estimate + width, confidence };
  };
  return {
    verdict,
    interval,
    samples,
    samplesNeeded: smallest(samples, (n) => judge(at(n), budget) !== "undecided"),
  };
}

export interface Plan {
  /** As 0.01. */
  readonly budget: number;
  /** The drop that is expected; less than the budget. Default 0. */
  readonly drop?: number;
  /** The part of samples of which just one of the models is right, as 0.05; at least the drop. */
  readonly disagreement: number;
  /** The part of samples of which the reference is right. Default 0.75. */
  readonly accuracy?: number;
  readonly confidence?: number;
}

/** How many samples it takes to certify a budget that is kept, before there are any. */
export function samplesToCertify({
  budget,
  drop = 0,
  disagreement,
  accuracy = 0.75,
  confidence = 0.95,
}: Plan): number {
  const first = (disagreement + drop) / 2;
  const second = (disagreement - drop) / 2;
  const parts: Paired = { both: accuracy - first, first, second, neither: 1 - accuracy - second };
  if (!(drop < budget && Object.values(parts).every((part) => part >= 0 && part <= 1)))
    throw new SearchError("the drop must be less than the budget, and the parts of samples between 0 and 1");
  return smallest(2, (n) => pairedDifferenceInterval(scaled(parts, n), confidence).high <= budget);
}

function judge({ low, high }: Interval, budget: number): Certificate["verdict"] {
  return high <= budget ? "holds" : low > budget ? "violated" : "undecided";
}

/** Counts, where every score is 0 or 1. */
function pairedCounts(reference: ArrayLike<number>, candidate: ArrayLike<number>): Paired | undefined {
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < reference.length; i++) {
    const [a, b] = [reference[i]!, candidate[i]!];
    if ((a !== 0 && a !== 1) || (b !== 0 && b !== 1)) return undefined;
    counts[(1 - a) * 2 + (1 - b)]!++;
  }
  const [both, first, second, neither] = counts;
  return { both: both!, first: first!, second: second!, neither: neither! };
}

function scaled({ both, first, second, neither }: Paired, factor: number): Paired {
  return { both: both * factor, first: first * factor, second: second * factor, neither: neither * factor };
}

/** The smallest integer from `from` that is enough, if all above it are; Infinity if there is none below 2^40. */
function smallest(from: number, isEnough: (n: number) => boolean): number {
  let high = from;
  while (!isEnough(high)) {
    if (high > 2 ** 40) return Number.POSITIVE_INFINITY;
    high *= 2;
  }
  let low = Math.floor(high / 2);
  if (high === from) return from;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
