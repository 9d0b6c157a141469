/** Negative log likelihood of the right classes (ONNX NegativeLogLikelihoodLoss). */

export type LossReduction = "none" | "sum" | "mean";

export interface LossOptions {
  readonly reduction: LossReduction;
  /** A class that does not count. */
  readonly ignored: number | undefined;
}

/**
 * @param logProbabilities batch x classes x positions
 * @param target batch x positions of class numbers
 * @param weights of the classes; 1 where left out
 * @returns batch x positions, or one number
 */
export function negativeLogLikelihood(
  logProbabilities: ArrayLike<number>,
  [batch, classes, positions]: readonly [number, number, number],
  target: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
  { reduction, ignored }: LossOptions,
): Float64Array {
  const losses = new Float64Array(batch * positions);
  let total = 0;
  let totalWeight = 0;
  for (let n = 0; n < batch; n++)
    for (let p = 0; p < positions; p++) {
      const at = n * positions + p;
      const label = target[at]!;
      if (label === ignored) continue;
      const weight = weights?.[label] ?? 1;
      losses[at] = -logProbabilities[(n * classes + label) * positions + p]! * weight;
      total += losses[at]!;
      totalWeight += weight;
    }
  if (reduction === "none") return losses;
  return Float64Array.of(reduction === "sum" ? total : total / totalWeight);
}
