/**
 * Predictions of the loss, corrected by what was measured. Losses of single changes do not quite add up: errors of layers
 * cancel or compound, and each was measured with noise.
 *
 * What is fitted is  loss = offset + scale * sum of predictions + sum of corrections of each choice + noise,  a Bayesian
 * linear regression (Bishop, "Pattern Recognition and Machine Learning", 2006, section 3.3) whose prior says: no offset,
 * give or take the budget; scale 1, give or take 1; corrections 0, give or take half of the prediction and a tenth of the
 * budget shared among groups. Trials whose loss is far from the budget count less, since losses are not linear over a
 * large range and it is near the budget that predictions must be right. The posterior mean is again a sum over groups.
 */
import type { Trial } from "./algorithm.ts";
import type { Configuration } from "./problem.ts";
import { type LossModel, predict } from "./sensitivity.ts";

/** Deviation of the noise, in budgets; and how fast it grows with the distance from the budget, in budgets per budget. */
const NOISE = 0.05;
const FAR = 0.3;
/** Deviation of a choice's correction, in predictions; and of all groups together, in budgets. */
const RELATIVE = 0.5;
const ABSOLUTE = 0.1;
/** More trials than that, nearest to the budget, hardly change anything, and the time grows with their third power. */
const MOST = 200;

/**
 * The model that fits trials best near a loss. Trials that failed say nothing.
 * @param target the loss near which predictions matter: a budget, above 0
 */
export function correct(prior: LossModel, trials: readonly Trial[], target: number): LossModel {
  const used = trials
    .filter(({ loss }) => Number.isFinite(loss))
    .sort((a, b) => Math.abs(a.loss - target) - Math.abs(b.loss - target) || a.id - b.id)
    .slice(0, MOST)
    .map(({ configuration, loss }) => ({
      configuration,
      residual: loss - predict(prior, configuration),
      sum: predict(prior, configuration) - prior.offset,
      variance: target ** 2 * (NOISE + FAR * (Math.abs(loss - target) / target)) ** 2,
    }))
    .filter(({ residual }) => Number.isFinite(residual));
  if (used.length === 0) return prior;
  const floor = (ABSOLUTE * target) / Math.sqrt(prior.losses.length);
  const variances = prior.losses.map((row) =>
    row.map((loss) => (Number.isFinite(loss) ? (RELATIVE * Math.abs(loss)) ** 2 + floor ** 2 : 0)),
  );
  const kernel = used.map((a) =>
    used.map(
      (b) => target ** 2 + a.sum * b.sum + sharedVariance(variances, a.configuration, b.configuration),
    ),
  );
  for (const [i, { variance }] of used.entries()) kernel[i]![i]! += variance;
  const weights = solvePositive(
    kernel,
    used.map(({ residual }) => residual),
  );
  const over = (of: (trial: (typeof used)[number]) => number) =>
    used.reduce((total, trial, i) => total + weights[i]! * of(trial), 0);
  const offset = prior.offset + target ** 2 * over(() => 1);
  const scale = 1 + over(({ sum }) => sum);
  const losses = prior.losses.map((row, group) =>
    row.map((loss, choice) => {
      const seen = over(({ configuration }) => (configuration[group] === choice ? 1 : 0));
      return loss === Number.POSITIVE_INFINITY ? loss : scale * loss + variances[group]![choice]! * seen;
    }),
  );
  return { offset, losses };
}

function sharedVariance(
  variances: readonly (readonly number[])[],
  a: Configuration,
  b: Configuration,
): number {
  let sum = 0;
  for (const [group, row] of variances.entries()) if (a[group] === b[group]) sum += row[a[group]!]!;
  return sum;
}

/** x of A x = b, for a symmetric positive definite A, which is overwritten (Cholesky). */
export function solvePositive(a: number[][], b: readonly number[]): number[] {
  const n = b.length;
  const x = [...b];
  for (let i = 0; i < n; i++) {
    const row = a[i]!;
    for (let j = 0; j <= i; j++) {
      const other = a[j]!;
      let sum = row[j]!;
      for (let k = 0; k < j; k++) sum -= row[k]! * other[k]!;
      row[j] = j < i ? sum / other[j]! : Math.sqrt(sum);
    }
    for (let k = 0; k < i; k++) x[i]! -= row[k]! * x[k]!;
    x[i]! /= row[i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= a[k]![i]! * x[k]!;
    x[i]! /= a[i]![i]!;
  }
  return x;
}
