/**
 * K-means in one dimension, solved exactly: clusters of sorted points are intervals, so dynamic programming over their
 * ends finds the global optimum without seeds or iterations (Wang & Song 2011, Ckmeans.1d.dp). Where an interval ends
 * moves monotonically with its right end, which bounds the search: O(k n log n).
 */

/**
 * The k centres, ascending, that minimise the sum of weight * (value - nearest centre)^2. `values` are sorted; with fewer
 * than k of them, the last centre is repeated. Without any, all centres are 0.
 */
export function kmeans(values: Float64Array, weights: Float64Array, k: number): Float64Array {
  const n = values.length;
  const clusters = Math.min(k, n);
  const mass = runningSum(n, (i) => weights[i]!);
  const moment = runningSum(n, (i) => weights[i]! * values[i]!);
  const square = runningSum(n, (i) => weights[i]! * values[i]! ** 2);

  /** Least error of the first j points in the clusters so far, and with one less. */
  let least = Float64Array.from({ length: n + 1 }, (_, j) => error(0, j));
  let before = least;
  /** Where the last cluster of the first j points starts, for each number of clusters. */
  const starts: Int32Array[] = [new Int32Array(n + 1)];
  for (let c = 1; c < clusters; c++) {
    before = least;
    least = new Float64Array(n + 1);
    starts.push(new Int32Array(n + 1));
    solve(c + 1, n, c, n - 1);
  }

  const centres = new Float64Array(k);
  for (let c = clusters - 1, end = n; c >= 0; c--) {
    const start = starts[c]![end]!;
    centres[c] = centre(start, end);
    end = start;
  }
  return centres.fill(centres[clusters - 1] ?? 0, clusters);

  /** The best start for each end from `low` to `high`, known to lie between `from` and `to`: the middle one first. */
  function solve(low: number, high: number, from: number, to: number): void {
    if (low > high) return;
    const end = (low + high) >> 1;
    let best = from;
    let value = Infinity;
    for (let start = from; start <= Math.min(to, end - 1); start++) {
      const found = before[start]! + error(start, end);
      if (found < value) [best, value] = [start, found];
    }
    least[end] = value;
    starts.at(-1)![end] = best;
    solve(low, end - 1, from, best);
    solve(end + 1, high, best, to);
  }

  function centre(start: number, end: number): number {
    const m = mass[end]! - mass[start]!;
    return m > 0 ? (moment[end]! - moment[start]!) / m : values[start]!;
  }

  function error(start: number, end: number): number {
    const m = mass[end]! - mass[start]!;
    return m > 0 ? Math.max(0, square[end]! - square[start]! - (moment[end]! - moment[start]!) ** 2 / m) : 0;
  }
}

function runningSum(n: number, term: (i: number) => number): Float64Array {
  const sums = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) sums[i + 1] = sums[i]! + term(i);
  return sums;
}
