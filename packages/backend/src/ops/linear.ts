/** linear: y[..., n] = sum over k of x[..., k] * w[n, k], plus bias, through an activation. */
import type { TensorType } from "@bitbudget/core";
import { check, checkInputCount, input, isPositiveInteger, type OpDefinition, size } from "./definition.ts";
import {
  checkWeighted,
  type WeightedAttributes,
  weightedOperands,
  weightedTolerance,
  weightedWeights,
} from "./weighted.ts";

export interface LinearAttributes extends WeightedAttributes {
  /** Output features, N. The weight tensor is [N, K], K being the last dimension of the input. */
  readonly channels: number;
}

/** Length of one sum: K. */
export function linearDepth({ inputs }: { readonly inputs: readonly TensorType[] }): number {
  return inputs[0]?.shape.at(-1) ?? 0;
}

export const linear: OpDefinition<"linear"> = {
  op: "linear",
  summary: "activations times a constant matrix, with bias and activation",
  onnx: [
    "Gemm",
    "MatMul",
    "QLinearMatMul",
    "MatMulInteger",
    "com.microsoft.QGemm",
    "com.microsoft.MatMulNBits",
  ],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { shape } = input(spec);
    check(shape.length >= 1, spec, "inputs[0].shape", "needs at least one dimension, the features");
    check(
      isPositiveInteger(spec.attributes.channels),
      spec,
      "attributes.channels",
      "must be a positive integer",
    );
    checkWeighted(spec);
    return [{ dtype: spec.attributes.output, shape: [...shape.slice(0, -1), spec.attributes.channels] }];
  },
  weights(spec) {
    const { channels } = spec.attributes;
    const depth = linearDepth(spec);
    return weightedWeights(spec, [channels, depth], channels, depth);
  },
  operands: weightedOperands,
  operations(spec) {
    return 2 * size(input(spec).shape) * spec.attributes.channels;
  },
  tolerance: (spec) => weightedTolerance(spec, linearDepth(spec)),
};
