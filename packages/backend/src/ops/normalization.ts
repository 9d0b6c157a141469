/** layerNorm and batchNorm: subtract a mean, divide by a deviation, scale and shift. */
import type { DType } from "@bitbudget/core";
import { ulps } from "../tolerance.ts";
import { check, checkDtype, checkInputCount, input, type OpDefinition, size } from "./definition.ts";
import type { Layout } from "./window.ts";

export interface LayerNormAttributes {
  /** First of the axes that are normalized together, up to the last (ONNX LayerNormalization). */
  readonly axis: number;
  readonly epsilon: number;
  /** Divide by the root mean square and subtract nothing (ONNX RMSNormalization). */
  readonly rms?: boolean;
  readonly bias?: boolean;
}

export interface BatchNormAttributes {
  readonly epsilon: number;
  /** "nchw": channels are axis 1; "nhwc": the last axis. Any rank of at least 2. */
  readonly layout: Layout;
}

/** scale and bias have the shape of the normalized axes. */
export type LayerNormWeights = "scale" | "bias";
/** Each [channels]. */
export type BatchNormWeights = "scale" | "bias" | "mean" | "variance";

const floats: readonly DType[] = ["float32", "float16", "bfloat16", "float64"];
/** Results of normalizations are of order one: the bound is absolute, for inputs of order one to ten. */
const normalized = (length: number) => ulps(16, (length + 32) * 2 ** -22);

export const layerNorm: OpDefinition<"layerNorm"> = {
  op: "layerNorm",
  summary: "layer or root-mean-square normalization over the last axes",
  onnx: ["LayerNormalization", "RMSNormalization", "com.microsoft.SimplifiedLayerNormalization"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    const { axis, epsilon } = spec.attributes;
    checkDtype(spec, "inputs[0].dtype", dtype, floats);
    check(
      Number.isInteger(axis) && axis >= 0 && axis < shape.length,
      spec,
      "attributes.axis",
      `must be 0 to ${shape.length - 1}`,
    );
    check(epsilon >= 0, spec, "attributes.epsilon", "must be at least 0");
    return [{ dtype, shape }];
  },
  weights(spec) {
    const { shape } = input(spec);
    const type = { dtype: "float32", shape: shape.slice(spec.attributes.axis) } as const;
    return spec.attributes.bias ? { scale: type, bias: type } : { scale: type };
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: dtype };
  },
  operations: (spec) => 8 * size(input(spec).shape),
  tolerance: (spec) => normalized(size(input(spec).shape.slice(spec.attributes.axis))),
};

export const batchNorm: OpDefinition<"batchNorm"> = {
  op: "batchNorm",
  summary: "batch normalization with fixed statistics",
  onnx: ["BatchNormalization"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    const { layout } = spec.attributes;
    checkDtype(spec, "inputs[0].dtype", dtype, floats);
    check(layout === "nchw" || layout === "nhwc", spec, "attributes.layout", "must be nchw or nhwc");
    check(shape.length >= 2, spec, "inputs[0].shape", "needs at least two dimensions: batch and channels");
    check(spec.attributes.epsilon >= 0, spec, "attributes.epsilon", "must be at least 0");
    return [{ dtype, shape }];
  },
  weights(spec) {
    const { shape } = input(spec);
    const channels = (spec.attributes.layout === "nchw" ? shape[1] : shape.at(-1)) ?? 0;
    const type = { dtype: "float32", shape: [channels] } as const;
    return { scale: type, bias: type, mean: type, variance: type };
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: dtype };
  },
  operations: (spec) => 2 * size(input(spec).shape),
  tolerance: () => normalized(0),
};
