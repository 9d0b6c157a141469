/**
 * SmoothQuant (Xiao et al. 2023, section 4): a channel j of activations with outliers makes the step of all others large,
 * while the weights that read it are small. Its numbers are divided by s_j = max|X_j|^alpha / max|W_j|^(1 - alpha),
 * and the weights multiplied: the difficulty moves from activations to weights, and alpha says how much of it.
 */
import type { ModelProto } from "@bitbudget/onnx";
import { QuantizeError } from "../errors.ts";
import { type ScaledModel, type ScaleOptions, searchFactors } from "./factor-search.ts";

export interface SmoothQuantOptions extends ScaleOptions {
  /** From 0 to 1; the paper takes 0.5 for most models. Default: for each group the one with the least expected error. */
  readonly alpha?: number;
}

const grid: readonly number[] = Array.from({ length: 21 }, (_, i) => i / 20);

/**
 * A model that computes the same, in which the inputs of layers with quantized activations have channels of more similar
 * size. Factors move into whatever makes an input: a normalization, a layer, a constant product. Layers that share an
 * input share its factors. Groups with an error that no factor lowers stay as they are. Calibrate again afterwards.
 * @throws AssignmentError, QuantizeError for an alpha that is not from 0 to 1
 */
export function smoothQuant(model: ModelProto, options: SmoothQuantOptions): ScaledModel {
  const { alpha } = options;
  if (alpha !== undefined && !(alpha >= 0 && alpha <= 1))
    throw new QuantizeError(`alpha is from 0 to 1, not ${alpha}`);
  return searchFactors(model, options, alpha === undefined ? grid : [alpha], ({ largest, weights }, power) =>
    largest.map((size, j) => {
      const weight = weights[j]!;
      return size > 0 && weight > 0 ? bounded(size ** power / weight ** (1 - power)) : 1;
    }),
  );
}

/** Numbers that neither overflow nor vanish in float32, whatever they are multiplied with. */
export function bounded(factor: number): number {
  return Math.min(Math.max(factor, 2 ** -16), 2 ** 16);
}
