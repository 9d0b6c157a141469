/** The largest difference between results, as a part of the largest of the expected ones. */
export function distance(actual: readonly number[] = [], expected: readonly number[] = []): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return actual.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i]!)), 0) / largest;
}
