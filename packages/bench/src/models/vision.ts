/** Layers of image models. Batch normalization is folded into the convolutions, as exporters do. */
import type { Builder, Value } from "./builder.ts";

export interface ConvOptions {
  readonly kernel?: number;
  readonly stride?: number;
  readonly depthwise?: boolean;
  readonly bias?: boolean;
  /** Standard deviation of the results for inputs of one. Default sqrt(2), which a relu brings back to about one. */
  readonly gain?: number;
}

/** A convolution that pads to keep the size (divided by the stride). */
export function conv(b: Builder, x: Value, filters: number, options: ConvOptions = {}): Value {
  const { kernel = 1, stride = 1, depthwise = false, bias = true, gain = Math.SQRT2 } = options;
  const [batch = 1, channels = 0, height = 0, width = 0] = x.shape;
  const groups = depthwise ? channels : 1;
  const depth = (channels / groups) * kernel * kernel;
  const [k, s, p] = [BigInt(kernel), BigInt(stride), BigInt((kernel - 1) >> 1)];
  const w = b.weight([filters, channels / groups, kernel, kernel], gain * depth ** -0.5);
  return b.node(
    "Conv",
    [x, w, ...(bias ? [b.weight([filters], 0.1)] : [])],
    [batch, filters, Math.ceil(height / stride), Math.ceil(width / stride)],
    {
      kernel_shape: [k, k],
      strides: [s, s],
      dilations: [1n, 1n],
      pads: [p, p, p, p],
      group: BigInt(groups),
    },
  );
}

export function relu(b: Builder, x: Value): Value {
  return b.node("Relu", [x], x.shape);
}

export function relu6(b: Builder, x: Value): Value {
  return b.node("Clip", [x, b.scalar(0), b.scalar(6)], x.shape);
}

export function hardSwish(b: Builder, x: Value): Value {
  return b.node("HardSwish", [x], x.shape);
}

export function add(b: Builder, x: Value, y: Value): Value {
  return b.node("Add", [x, y], x.shape);
}

export function globalPool(b: Builder, x: Value): Value {
  return b.node("GlobalAveragePool", [x], [...x.shape.slice(0, 2), 1, 1]);
}

/** Mean over the image, then one linear layer: [batch, classes]. */
export function classifier(b: Builder, x: Value, classes = 1000): Value {
  const pooled = globalPool(b, x);
  const [batch = 1, channels = 0] = x.shape;
  return gemm(b, b.node("Flatten", [pooled], [batch, channels]), classes);
}

export function gemm(b: Builder, x: Value, features: number): Value {
  const [rows = 1, depth = 0] = x.shape;
  const w = b.weight([features, depth], Math.SQRT2 * depth ** -0.5);
  return b.node("Gemm", [x, w, b.weight([features], 0.1)], [rows, features], { transB: 1n });
}
