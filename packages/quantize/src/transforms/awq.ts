/**
 * Activation-aware weight scaling (Lin et al. 2024, "AWQ", section 3.2): weights that are multiplied with large
 * activations matter most, and are rounded better where they are larger. Input channel j is multiplied with
 * s_j = size(X_j)^alpha in the weight and divided by it in the activation; alpha is searched for each group of layers, and
 * minimizes the error of their outputs. Here the size is the root of the mean square, which is what errors are weighed
 * with. The clipping of the paper's implementation is a way to round: ranges that minimize the weighed error.
 */
import type { ModelProto } from "@bitbudget/onnx";
import { QuantizeError } from "../errors.ts";
import { type ScaledModel, type ScaleOptions, searchFactors } from "./factor-search.ts";
import { bounded } from "./smooth-quant.ts";

export interface AwqOptions extends ScaleOptions {
  /** How many exponents from 0 to 1 are tried. Default 20, as in the paper. */
  readonly steps?: number;
}

/**
 * A model that computes the same and whose weights lose less when they are rounded. Calibrate again afterwards where
 * activations are quantized, too.
 * @throws AssignmentError, QuantizeError for a number of steps that is no positive integer
 */
export function awqScale(model: ModelProto, options: AwqOptions): ScaledModel {
  const { steps = 20 } = options;
  if (!(Number.isInteger(steps) && steps >= 1))
    throw new QuantizeError(`steps is a positive integer, not ${steps}`);
  const alphas = Array.from({ length: steps }, (_, i) => (i + 1) / steps);
  return searchFactors(model, options, alphas, ({ rms }, alpha) => {
    const powers = rms.map((size) => (size > 0 ? size ** alpha : 0));
    const used = powers.filter((size) => size > 0);
    const middle = Math.sqrt(Math.max(...used) * Math.min(...used)) || 1;
    return powers.map((size) => (size > 0 ? bounded(size / middle) : 1));
  });
}
