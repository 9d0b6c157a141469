/** Small models to verify and analyze. */
import { type DType, type HostTensor, tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeProto,
  OperatorSetIdProtoSchema,
  toTensorProto,
} from "@bitbudget/onnx";
import { randomNumbers } from "@bitbudget/train";

export type Shape = readonly (number | string)[];
export type Info = readonly [name: string, dtype: DType, shape?: Shape];

export function model(
  nodes: readonly NodeProto[],
  constants: Readonly<Record<string, HostTensor>>,
  inputs: readonly Info[],
  outputs: readonly Info[],
  opset = 21n,
): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [create(OperatorSetIdProtoSchema, { version: opset })],
    graph: create(GraphProtoSchema, {
      name: "test",
      node: [...nodes],
      initializer: Object.entries(constants).map(([name, value]) => toTensorProto(value, name)),
      input: inputs.map((info) => makeValueInfo(...info)),
      output: outputs.map((info) => makeValueInfo(...info)),
    }),
  });
}

/** Numbers from -1 to 1. */
export function randoms(seed: number, ...shape: readonly number[]): HostTensor<"float32"> {
  const next = randomNumbers(seed);
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor(
    "float32",
    shape,
    Float32Array.from({ length: count }, () => 2 * next() - 1),
  );
}

export const f32 = (...values: readonly number[]) => tensor("float32", [values.length], values);
export const scalarOf = (dtype: DType, value: number) => tensor<DType>(dtype, [], [value]);

const conv = {
  kernel_shape: [3n, 3n],
  pads: [1n, 1n, 1n, 1n],
  strides: [1n, 1n],
  dilations: [1n, 1n],
  group: 1n,
};

/** Conv, Relu, Conv, Relu, mean, Gemm in float: "image" [n, 3, 8, 8] to "scores" [n, 4]. */
export function floatNet(): ModelProto {
  return model(
    [
      makeNode("Conv", ["image", "w1", "b1"], ["c1"], { name: "conv1", attributes: conv }),
      makeNode("Relu", ["c1"], ["r1"], { name: "relu1" }),
      makeNode("Conv", ["r1", "w2", "b2"], ["c2"], { name: "conv2", attributes: conv }),
      makeNode("Relu", ["c2"], ["r2"], { name: "relu2" }),
      makeNode("GlobalAveragePool", ["r2"], ["p"], { name: "pool" }),
      makeNode("Flatten", ["p"], ["f"], { name: "flatten" }),
      makeNode("Gemm", ["f", "w3", "b3"], ["scores"], { name: "gemm" }),
    ],
    {
      w1: randoms(1, 8, 3, 3, 3),
      b1: randoms(2, 8),
      w2: randoms(3, 6, 8, 3, 3),
      b2: randoms(4, 6),
      w3: randoms(5, 6, 4),
      b3: randoms(6, 4),
    },
    [["image", "float32", ["n", 3, 8, 8]]],
    [["scores", "float32", ["n", 4]]],
  );
}

/** The same with codes of 8 bits before and after each convolution: uint8 activations, int8 weights. */
export function quantizedNet(): ModelProto {
  const q = (x: string, to: string) =>
    makeNode("QuantizeLinear", [x, `${to}_s`, `${to}_z`], [to], { name: `q_${to}` });
  const dq = (x: string, to: string) =>
    makeNode("DequantizeLinear", [x, `${x}_s`, `${x}_z`], [to], { name: `dq_${x}` });
  const constants: Record<string, HostTensor> = {};
  const activation = (name: string, scale: number, zeroPoint: number) => {
    constants[`${name}_s`] = scalarOf("float32", scale);
    constants[`${name}_z`] = scalarOf("uint8", zeroPoint);
  };
  const weight = (name: string, seed: number, ...shape: number[]) => {
    const values = randoms(seed, ...shape);
    constants[name] = tensor(
      "int8",
      shape,
      Int8Array.from(values.data, (x) => Math.round(127 * x)),
    );
    constants[`${name}_s`] = scalarOf("float32", 1 / 127);
    constants[`${name}_z`] = scalarOf("int8", 0);
  };
  activation("xq", 2 / 255, 128);
  activation("r1q", 6 / 255, 0);
  activation("r2q", 30 / 255, 0);
  weight("w1", 1, 8, 3, 3, 3);
  weight("w2", 3, 6, 8, 3, 3);
  Object.assign(constants, { w3: randoms(5, 6, 4), b3: randoms(6, 4) });
  return model(
    [
      q("image", "xq"),
      dq("xq", "x"),
      dq("w1", "w1f"),
      makeNode("Conv", ["x", "w1f"], ["c1"], { name: "conv1", attributes: conv }),
      makeNode("Relu", ["c1"], ["r1"], { name: "relu1" }),
      q("r1", "r1q"),
      dq("r1q", "r1f"),
      dq("w2", "w2f"),
      makeNode("Conv", ["r1f", "w2f"], ["c2"], { name: "conv2", attributes: conv }),
      makeNode("Relu", ["c2"], ["r2"], { name: "relu2" }),
      q("r2", "r2q"),
      dq("r2q", "r2f"),
      makeNode("GlobalAveragePool", ["r2f"], ["p"], { name: "pool" }),
      makeNode("Flatten", ["p"], ["f"], { name: "flatten" }),
      makeNode("Gemm", ["f", "w3", "b3"], ["scores"], { name: "gemm" }),
    ],
    constants,
    [["image", "float32", ["n", 3, 8, 8]]],
    [["scores", "float32", ["n", 4]]],
  );
}

/** Batches of "image", without targets. */
export function imageBatches(count = 2, size = 3) {
  return Array.from({ length: count }, (_, i) => ({
    feeds: { image: randoms(100 + i, size, 3, 8, 8) },
    targets: {},
  }));
}
