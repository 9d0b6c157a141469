/** Several losses as one. */
import { TrainingError } from "../errors.ts";
import type { LossFunction } from "../graph/step.ts";

export interface WeightedLoss {
  readonly loss: LossFunction;
  readonly weight: number;
}

/** The sum of losses, each times its weight: labels and a teacher, several outputs. @throws TrainingError for no losses */
export function combine(losses: readonly WeightedLoss[]): LossFunction {
  if (losses.length === 0) throw new TrainingError("there is no loss to combine");
  for (const { weight } of losses)
    if (!Number.isFinite(weight))
      throw new TrainingError(`the weight of a loss must be finite, not ${weight}`);
  return (context) => {
    const { ops } = context;
    const terms = losses.map(({ loss, weight }) => ops.scale(ops.reshape(loss(context), [1]), weight));
    return terms.reduce((a, b) => ops.add(a, b));
  };
}
