/** Whether a rival computes the same as we do; what does something else is not worth timing. */

/** How far two results may differ, relative to the root mean square of ours. Both bounds hold where both are given. */
export interface Tolerance {
  /** Of the largest difference. */
  readonly max?: number;
  /** Of the root mean square of the differences: for results that other roundings came before. */
  readonly rms?: number;
}

/** Sums of float32 products in another order. */
export const floatSums: Tolerance = { max: 2e-4 };

/** What is wrong with a rival's values, or undefined. */
export function disagreement(
  ours: ArrayLike<number>,
  theirs: ArrayLike<number>,
  tolerance: Tolerance,
): string | undefined {
  if (ours.length !== theirs.length) return `it has ${theirs.length} values where we have ${ours.length}`;
  let squares = 0;
  let errorSquares = 0;
  let worst = 0;
  let at = 0;
  for (let i = 0; i < ours.length; i++) {
    const [x, y] = [ours[i]!, theirs[i]!];
    if (Number.isNaN(x) !== Number.isNaN(y)) return `value ${i} is ${y} where ours is ${x}`;
    // Infinities of one sign are equal, and their difference is not a number.
    const error = Object.is(x, y) ? 0 : Math.abs(x - y);
    squares += Number.isFinite(x) ? x * x : 0;
    errorSquares += error * error;
    if (error > worst) [worst, at] = [error, i];
  }
  const scale = Math.sqrt(squares / ours.length) || 1;
  const max = worst / scale;
  const rms = Math.sqrt(errorSquares / ours.length) / scale;
  if (tolerance.max !== undefined && !(max <= tolerance.max))
    return `value ${at} is ${theirs[at]} where ours is ${ours[at]}: off by ${max.toExponential(1)} of the root mean square, allowed ${tolerance.max.toExponential(1)}`;
  if (tolerance.rms !== undefined && !(rms <= tolerance.rms))
    return `values differ by ${rms.toExponential(1)} of the root mean square on average, allowed ${tolerance.rms.toExponential(1)}`;
  return undefined;
}
