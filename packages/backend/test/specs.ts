/** A sound spec of every op, and ways to break one. */
import type { DType, TensorType } from "@bitbudget/core";
import { type AnySpec, definitionOf, type KernelSpec } from "../src/index.ts";

/** A tensor type. */
export const of = (dtype: DType, ...shape: number[]): TensorType => ({ dtype, shape });

const window = {
  layout: "nchw",
  kernel: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  pads: [1, 1, 1, 1],
} as const;

/** Sound specs, which tests break in one place at a time. */
export const sound: { readonly [O in AnySpec["op"]]?: KernelSpec<O> } = {
  linear: {
    op: "linear",
    inputs: [of("float32", 2, 64)],
    attributes: { channels: 8, weight: { dtype: "float32" }, output: "float32", bias: "float32" },
  },
  conv2d: {
    op: "conv2d",
    inputs: [of("uint8", 1, 4, 8, 8)],
    attributes: {
      ...window,
      channels: 6,
      groups: 2,
      weight: { dtype: "int8", granularity: { kind: "channel" } },
      output: "uint8",
      bias: "int32",
    },
  },
  // The gradient of a 7x7 image under strides that leave open whether it was 7x7 or 8x8.
  convolution: {
    op: "convolution",
    inputs: [of("float32", 2, 6, 4, 4), of("float32", 6, 2, 3, 3)],
    attributes: {
      wants: "input",
      kernel: [3, 3],
      strides: [2, 2],
      dilations: [1, 1],
      pads: [1, 1, 1, 1],
      groups: 2,
      size: [7, 8],
    },
  },
  matmul: {
    op: "matmul",
    inputs: [of("float32", 5, 2, 3), of("float32", 3, 4)],
    attributes: { output: "float32" },
  },
  quantize: {
    op: "quantize",
    inputs: [of("float32", 4, 6)],
    attributes: { dtype: "int8", granularity: { kind: "block", axis: -1, size: 3 }, zeroPoint: true },
  },
  dequantize: {
    op: "dequantize",
    inputs: [of("int4", 4, 6)],
    attributes: { output: "float32", granularity: { kind: "channel", axis: 0 }, zeroPoint: true },
  },
  requantize: {
    op: "requantize",
    inputs: [of("int32", 4, 6)],
    attributes: { dtype: "uint8", granularity: { kind: "channel", axis: 1 } },
  },
  unary: { op: "unary", inputs: [of("float32", 2)], attributes: { function: { fn: "elu", alpha: 1 } } },
  binary: {
    op: "binary",
    inputs: [of("float32", 2, 3), of("float32", 3)],
    attributes: { function: "add" },
  },
  // clip(dequantize(x) * row + 0.5), then codes again
  elementwise: {
    op: "elementwise",
    inputs: [of("uint8", 2, 3), of("float32", 3)],
    attributes: {
      constants: 5,
      steps: [
        { kind: "dequantize", of: 0, scale: 2, zeroPoint: 3 },
        { kind: "binary", function: "mul", of: [7, 1] },
        { kind: "binary", function: "add", of: [8, 4] },
        { kind: "unary", function: { fn: "clip", min: 0, max: 6 }, of: 9 },
        { kind: "quantize", of: 10, scale: 5, zeroPoint: 6, dtype: "int8" },
      ],
    },
  },
  lookup: { op: "lookup", inputs: [of("int8", 2, 3)], attributes: { output: "uint8" } },
  reduce: {
    op: "reduce",
    inputs: [of("float32", 2, 3, 4)],
    attributes: { function: "sum", axes: [0, 2], keepDims: false },
  },
  softmax: { op: "softmax", inputs: [of("float32", 2, 3)], attributes: { axis: 1 } },
  attention: {
    op: "attention",
    inputs: [
      of("float32", 2, 4, 3, 8),
      of("float32", 2, 2, 5, 8),
      of("float32", 2, 2, 5, 6),
      of("float32", 3, 5),
    ],
    attributes: { scale: 0.5, causal: true },
  },
  recurrent: {
    op: "recurrent",
    inputs: [of("float32", 5, 2, 9), of("float32", 2, 3)],
    attributes: { cell: "gru", reverse: true, clip: 3 },
  },
  layerNorm: {
    op: "layerNorm",
    inputs: [of("float32", 2, 3, 4)],
    attributes: { axis: 1, epsilon: 1e-5, bias: true },
  },
  batchNorm: {
    op: "batchNorm",
    inputs: [of("float32", 2, 3, 4)],
    attributes: { epsilon: 1e-5, layout: "nhwc" },
  },
  pool2d: {
    op: "pool2d",
    inputs: [of("float32", 1, 4, 8, 8)],
    attributes: { ...window, kind: "average" },
  },
  poolGrad: {
    op: "poolGrad",
    inputs: [of("float32", 1, 4, 8, 8), of("float32", 1, 4, 4, 4)],
    attributes: {
      kind: "max",
      kernel: [3, 3],
      strides: [2, 2],
      dilations: [1, 1],
      pads: [1, 1, 1, 1],
    },
  },
  transpose: { op: "transpose", inputs: [of("int64", 2, 3, 4)], attributes: { perm: [2, 0, 1] } },
  concat: { op: "concat", inputs: [of("bool", 2, 3), of("bool", 2, 1)], attributes: { axis: 1 } },
  gather: { op: "gather", inputs: [of("uint8", 5, 6), of("int32", 2, 2)], attributes: { axis: 0 } },
  scatterAdd: {
    op: "scatterAdd",
    inputs: [of("int64", 2, 2), of("float32", 3, 2, 2, 6)],
    attributes: { axis: 1, size: 5 },
  },
  pad: {
    op: "pad",
    inputs: [of("float32", 2, 5)],
    attributes: {
      pads: [
        [1, 0],
        [-2, 3],
      ],
      mode: "edge",
    },
  },
  resize: {
    op: "resize",
    inputs: [of("float32", 1, 2, 4, 4)],
    attributes: { sizes: [1, 2, 8, 2], mode: "linear", coordinates: "half_pixel" },
  },
  cast: { op: "cast", inputs: [of("float32", 2)], attributes: { to: "float8_e5m2" } },
  where: {
    op: "where",
    inputs: [of("bool", 2, 1), of("int8", 3), of("int8")],
    attributes: {},
  },
  slice: {
    op: "slice",
    inputs: [of("float32", 5, 6)],
    attributes: { starts: [4, 1], steps: [-2, 1], sizes: [3, 5] },
  },
  expand: { op: "expand", inputs: [of("float32", 2, 1)], attributes: { shape: [3, 2, 4] } },
};

/** The sound spec of an op. */
export function spec<O extends AnySpec["op"]>(op: O): KernelSpec<O> {
  const found: KernelSpec<O> | undefined = sound[op];
  if (found === undefined) throw new Error(`no sound spec of ${op}`);
  return found;
}

/** The spec with another value at a path such as "attributes.kernel.0", the way it would come out of a file. */
export function altered(from: object, path: string, value: unknown): KernelSpec {
  const keys = path.split(".");
  const set = (node: unknown, depth: number): unknown => {
    const key = keys[depth];
    if (key === undefined) return value;
    if (Array.isArray(node)) return node.map((entry, i) => (`${i}` === key ? set(entry, depth + 1) : entry));
    const object = typeof node === "object" && node !== null ? node : {};
    return { ...object, [key]: set(Reflect.get(object, key), depth + 1) };
  };
  return set(from, 0) as KernelSpec;
}

export function outputs(of: KernelSpec): readonly TensorType[] {
  return definitionOf(of).outputs(of);
}
