/** Medians with intervals that assume nothing about the distribution of the samples, which for times is never normal. */

/** A median with its interval and the number of samples behind it; times in milliseconds. */
export interface Estimate {
  readonly medianMs: number;
  /** 95% interval of the median by order statistics; the whole range where there are fewer than 6 samples. */
  readonly lowMs: number;
  readonly highMs: number;
  readonly samples: number;
}

/** A ratio of two medians, with the interval that those of the medians leave it. */
export interface Ratio {
  readonly ratio: number;
  readonly ratioLow: number;
  readonly ratioHigh: number;
}

/** The median; the mean of the two in the middle where their number is even. NaN of nothing. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * Rank k, from 1, such that the k-th smallest and the k-th largest of n samples enclose the median of their
 * distribution with the given confidence: each sample lies below it with probability 1/2, so the number that do is
 * binomial (David and Nagaraja, Order Statistics, section 7.1). 1 where even the extremes do not reach it.
 */
export function intervalRank(n: number, confidence = 0.95): number {
  let term = 0.5 ** n;
  let tail = term;
  let rank = 1;
  for (let below = 1; below <= n >> 1; below++) {
    term *= (n - below + 1) / below;
    tail += term;
    if (2 * tail > 1 - confidence) break;
    rank = below + 1;
  }
  return rank;
}

/** Median and interval of times in milliseconds. */
export function estimate(samplesMs: readonly number[]): Estimate {
  const sorted = [...samplesMs].sort((a, b) => a - b);
  const rank = intervalRank(sorted.length);
  return {
    medianMs: median(sorted),
    lowMs: sorted[rank - 1] ?? Number.NaN,
    highMs: sorted[sorted.length - rank] ?? Number.NaN,
    samples: sorted.length,
  };
}

/** How many times faster `ours` is than `theirs`: above 1, we are. The interval spans those of both medians. */
export function ratioOf(theirs: Estimate, ours: Estimate): Ratio {
  return {
    ratio: theirs.medianMs / ours.medianMs,
    ratioLow: theirs.lowMs / ours.highMs,
    ratioHigh: theirs.highMs / ours.lowMs,
  };
}
