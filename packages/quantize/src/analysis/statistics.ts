/** Means with their uncertainty, and how well two orders agree. */

export interface Interval {
  readonly mean: number;
  /** The 95% interval of the mean; that of one number is not known, and is the number itself. */
  readonly low: number;
  readonly high: number;
}

/** Of a normal distribution, within which 95% lie, in deviations. */
const Z = 1.96;

/** The mean of numbers and its interval, from their spread. NaN for none. */
export function intervalOf(numbers: ArrayLike<number>): Interval {
  const n = numbers.length;
  const mean = sum(numbers, (x) => x) / n;
  if (n < 2) return { mean, low: mean, high: mean };
  const half = Z * Math.sqrt(sum(numbers, (x) => (x - mean) ** 2) / (n - 1) / n);
  return { mean, low: mean - half, high: mean + half };
}

function sum(numbers: ArrayLike<number>, of: (x: number) => number): number {
  let total = 0;
  for (let i = 0; i < numbers.length; i++) total += of(numbers[i]!);
  return total;
}

/**
 * Spearman's rank correlation (Spearman 1904), -1 to 1: Pearson's, of the ranks; equal numbers share the mean of their ranks.
 * NaN for fewer than two numbers, and where all are equal.
 */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranks(a), ranks(b)];
  const middle = (a.length - 1) / 2;
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [dx, dy] = [x[i]! - middle, y[i]! - middle];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xy / Math.sqrt(xx * yy);
}

function ranks(numbers: readonly number[]): Float64Array {
  const order = numbers.map((_, i) => i).sort((i, j) => numbers[i]! - numbers[j]!);
  const found = new Float64Array(numbers.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && numbers[order[end]!] === numbers[order[start]!]) end++;
    for (let i = start; i < end; i++) found[order[i]!] = (start + end - 1) / 2;
    start = end;
  }
  return found;
}
