/** Small models with known values inside, and batches to run them on. */
import { type HostTensor, tensor } from "@bitbudget/core";
import {
  create,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  makeValueInfo,
  type NodeProto,
  toTensorProto,
} from "@bitbudget/onnx";
import { type Batch, randomNumbers } from "@bitbudget/train";

/** One float32 input "x", one output "y". */
export function model(
  input: readonly (string | number)[],
  nodes: readonly NodeProto[],
  initializers: Readonly<Record<string, HostTensor>> = {},
): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: create(GraphProtoSchema, {
      name: "model",
      input: [makeValueInfo("x", "float32", input)],
      output: [makeValueInfo("y", "float32")],
      initializer: Object.entries(initializers).map(([name, value]) => toTensorProto(value, name)),
      node: [...nodes],
    }),
  });
}

export function batch(shape: readonly number[], values: ArrayLike<number>): Batch {
  return { feeds: { x: tensor("float32", shape, Float32Array.from(values)) }, targets: {} };
}

/** Sums of uniform numbers: something like a normal distribution. */
export function noise(shape: readonly number[], seed: number, size = 1): HostTensor<"float32"> {
  const random = randomNumbers(seed);
  const length = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length }, () => (random() + random() + random() - 1.5) * size);
  return tensor("float32", shape, values);
}

/** x -> Conv -> "c" -> Relu -> "r" -> GlobalAveragePool -> Flatten -> "f" -> MatMul -> "y". */
export function network(): ModelProto {
  return model(
    ["N", 2, 6, 6],
    [
      makeNode("Conv", ["x", "w"], ["c"], { name: "conv", attributes: { pads: [1n, 1n, 1n, 1n] } }),
      makeNode("Relu", ["c"], ["r"], { name: "relu" }),
      makeNode("GlobalAveragePool", ["r"], ["p"]),
      makeNode("Flatten", ["p"], ["f"]),
      makeNode("MatMul", ["f", "m"], ["y"], { name: "matmul" }),
    ],
    { w: noise([4, 2, 3, 3], 1), m: noise([4, 3], 2) },
  );
}

export function imageBatches(count: number, size = 2): Batch[] {
  return Array.from({ length: count }, (_, i) => ({
    feeds: { x: noise([size, 2, 6, 6], 100 + i, 1 + i) },
    targets: {},
  }));
}
