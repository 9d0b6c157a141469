/** Predictions from gradients: for a layer, and for several as a sum. */
import type { Draw } from "./gradients.ts";
import { intervalOf } from "./statistics.ts";
import type { Prediction } from "./types.ts";

/** @param at position of the layer in the draws */
export function predictionOf(draws: readonly Draw[], at: number, isLoss: boolean): Prediction {
  return {
    fisher: intervalOf(draws.map(({ along, factor }) => factor * along[at]! ** 2)),
    diagonal: intervalOf(draws.map(({ diagonal, factor }) => factor * diagonal[at]!)),
    first: isLoss ? intervalOf(draws.map(({ along }) => along[at]!)) : undefined,
  };
}

/** The sum of the predictions of layers. */
export function summed(draws: readonly Draw[], layers: readonly number[], isLoss: boolean): number {
  return layers
    .map((at) => predictionOf(draws, at, isLoss))
    .reduce((sum, { fisher, first }) => sum + fisher.mean + (first?.mean ?? 0), 0);
}
