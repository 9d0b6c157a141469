/** Intervals that hold what is estimated with a stated confidence. */
import { SearchError } from "../errors.ts";
import { Random } from "../random.ts";
import { normalQuantile, studentQuantile } from "./distributions.ts";

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** As 0.95. */
  readonly confidence: number;
}

/**
 * Of a proportion, as of right answers: Wilson's score interval (Wilson 1927), method 3 of Newcombe, "Two-sided confidence
 * intervals for the single proportion: comparison of seven methods" (1998).
 */
export function proportionInterval(successes: number, n: number, confidence = 0.95): Interval {
  checkConfidence(confidence);
  if (!(n > 0 && successes >= 0 && successes <= n))
    throw new SearchError(`${successes} of ${n} is no proportion`);
  const p = successes / n;
  const z = normalQuantile((1 + confidence) / 2);
  const middle = (successes + (z * z) / 2) / (n + z * z);
  const half = (z * Math.sqrt(n * p * (1 - p) + (z * z) / 4)) / (n + z * z);
  return {
    estimate: p,
    low: successes === 0 ? 0 : Math.max(0, middle - half),
    high: successes === n ? 1 : Math.min(1, middle + half),
    confidence,
  };
}

/** How two classifiers answered the same questions. Counts need not be whole: they may be expected ones. */
export interface Paired {
  readonly both: number;
  /** Right by the first alone. */
  readonly first: number;
  /** Right by the second alone. */
  readonly second: number;
  readonly neither: number;
}

/**
 * Of the first proportion minus the second, both of the same samples: the square-and-add interval, method 10 of Newcombe,
 * "Improved confidence intervals for the difference between binomial proportions based on paired data" (1998).
 */
export function pairedDifferenceInterval(paired: Paired, confidence = 0.95): Interval {
  const { both, first, second, neither } = paired;
  const n = both + first + second + neither;
  const a = proportionInterval(both + first, n, confidence);
  const b = proportionInterval(both + second, n, confidence);
  const phi = correlation(paired, n);
  const distance = (x: number, y: number) => Math.sqrt(Math.max(0, x * x - 2 * phi * x * y + y * y));
  const estimate = (first - second) / n;
  return {
    estimate,
    low: Math.max(-1, estimate - distance(a.estimate - a.low, b.high - b.estimate)),
    high: Math.min(1, estimate + distance(a.high - a.estimate, b.estimate - b.low)),
    confidence,
  };
}

/** Newcombe's estimate of the correlation of both answers, with his correction for continuity. */
function correlation({ both, first, second, neither }: Paired, n: number): number {
  const margins = (both + first) * (second + neither) * (both + second) * (first + neither);
  if (margins === 0) return 0;
  const product = both * neither - first * second;
  return (product > 0 ? Math.max(product - n / 2, 0) : product) / Math.sqrt(margins);
}

/** Of a mean, by Student's distribution (Student 1908): for many values, or values that are about normal. */
export function meanInterval(values: ArrayLike<number>, confidence = 0.95): Interval {
  checkConfidence(confidence);
  const n = values.length;
  const { mean, deviation } = moments(values);
  const half = (studentQuantile((1 + confidence) / 2, n - 1) * deviation) / Math.sqrt(n);
  return { estimate: mean, low: mean - half, high: mean + half, confidence };
}

/** Mean, and standard deviation of the distribution that values are drawn from (with n - 1). */
export function moments(values: ArrayLike<number>): { mean: number; deviation: number } {
  const n = values.length;
  const mean = sum(values, (x) => x) / n;
  return { mean, deviation: Math.sqrt(sum(values, (x) => (x - mean) ** 2) / (n - 1)) };
}

export interface BootstrapOptions {
  readonly seed: number;
  /** Default 2000. */
  readonly resamples?: number;
  readonly confidence?: number;
}

/**
 * Of anything that is computed from samples, as a mean IoU: percentiles of what it is for samples that are drawn from them
 * with replacement (Efron 1979).
 * @param statistic of samples, which are given by their indices
 */
export function bootstrapInterval(
  n: number,
  statistic: (indices: Uint32Array) => number,
  { seed, resamples = 2000, confidence = 0.95 }: BootstrapOptions,
): Interval {
  checkConfidence(confidence);
  if (!(Number.isInteger(n) && n > 0)) throw new SearchError("an interval needs at least one sample");
  const random = new Random(seed);
  const indices = Uint32Array.from({ length: n }, (_, i) => i);
  const estimate = statistic(indices);
  const drawn = Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < n; i++) indices[i] = random.below(n);
    return statistic(indices);
  }).sort();
  const at = (p: number) => drawn[Math.min(resamples - 1, Math.floor(p * resamples))]!;
  return { estimate, low: at((1 - confidence) / 2), high: at((1 + confidence) / 2), confidence };
}

function checkConfidence(confidence: number): void {
  if (!(confidence > 0 && confidence < 1))
    throw new SearchError(`a confidence is between 0 and 1, as 0.95, not ${confidence}`);
}

function sum(values: ArrayLike<number>, of: (value: number) => number): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += of(values[i]!);
  return total;
}
