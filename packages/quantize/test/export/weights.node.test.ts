/** Weights alone: every encoding on every runtime gives what the float model gives with the weights that codes stand for. */
import { dequantize, tensor } from "@bitbudget/core";
import { copyModel, Graph, type ModelProto, toTensorProto } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import {
  type Assignment,
  checkTarget,
  type LayerScheme,
  layersOf,
  type WeightScheme,
} from "../../src/index.ts";
import { distance } from "./distance.ts";
import { exported, layerOf, modelOf, nearest, op, type Parts, random } from "./models.ts";
import { runnable, runners } from "./runners.ts";

const models: Readonly<Record<string, Parts>> = {
  Conv: {
    inputs: { x: random([1, 4, 7, 7], 1) },
    outputs: ["y"],
    constants: { w: random([6, 2, 3, 3], 2), b: random([6], 3) },
    nodes: [op("Conv", ["x", "w", "b"], "y", { group: 2n, pads: [1n, 1n, 1n, 1n] })],
  },
  ConvTranspose: {
    inputs: { x: random([1, 4, 5, 5], 1) },
    outputs: ["y"],
    constants: { w: random([4, 3, 3, 3], 2) },
    nodes: [op("ConvTranspose", ["x", "w"], "y")],
  },
  MatMul: {
    inputs: { x: random([2, 3, 64], 1) },
    outputs: ["y"],
    constants: { w: random([64, 6], 2) },
    nodes: [op("MatMul", ["x", "w"], "y")],
  },
  "MatMul with a partial block": {
    inputs: { x: random([3, 40], 1) },
    outputs: ["y"],
    constants: { w: random([40, 6], 2) },
    nodes: [op("MatMul", ["x", "w"], "y")],
  },
  Gemm: {
    inputs: { x: random([3, 64], 1) },
    outputs: ["y"],
    constants: { w: random([6, 64], 2), b: random([1, 6], 3) },
    nodes: [op("Gemm", ["x", "w", "b"], "y", { transB: 1n })],
  },
  LSTM: {
    inputs: { x: random([4, 2, 6], 1) },
    outputs: ["y"],
    constants: { w: random([2, 20, 6], 2), r: random([2, 20, 5], 3), b: random([2, 40], 4) },
    nodes: [op("LSTM", ["x", "w", "r", "b"], "y", { hidden_size: 5n, direction: "bidirectional" })],
  },
  GRU: {
    inputs: { x: random([4, 2, 6], 1) },
    outputs: ["y"],
    constants: { w: random([1, 15, 6], 2), r: random([1, 15, 5], 3) },
    nodes: [op("GRU", ["x", "w", "r"], "y", { hidden_size: 5n })],
  },
  Gather: {
    inputs: { x: tensor("int64", [2, 3], BigInt64Array.of(0n, 3n, 2n, 6n, 6n, 1n)) },
    outputs: ["y"],
    constants: { w: random([7, 64], 2) },
    nodes: [op("Gather", ["w", "x"], "y")],
  },
};

const schemes: readonly WeightScheme[] = [
  { dtype: "int8" },
  { dtype: "uint8", mapping: "asymmetric", granularity: "tensor" },
  { dtype: "int4", mapping: "asymmetric" },
  { dtype: "uint4" },
  { dtype: "int2" },
  { dtype: "uint2", mapping: "asymmetric" },
  { dtype: "int8", granularity: { block: 16 } },
  { dtype: "uint8", granularity: { block: 32 }, mapping: "asymmetric" },
  { dtype: "int4", granularity: { block: 16 } },
  { dtype: "int4", granularity: { block: 256 }, mapping: "asymmetric" },
  { dtype: "uint4", granularity: { block: 32 }, mapping: "asymmetric" },
  { dtype: "int2", granularity: { block: 16 } },
  { dtype: "uint2", granularity: { block: 32 }, mapping: "asymmetric" },
  { dtype: "int4", granularity: { block: 24 } },
  { dtype: "float16" },
  { dtype: "bfloat16" },
  { dtype: "float8_e4m3fn" },
  { dtype: "float8_e5m2", granularity: "tensor" },
  { dtype: "float4_e2m1" },
  { dtype: "uint4", mapping: "nf4" },
  { dtype: "uint4", mapping: "nf4", granularity: { block: 16 } },
  { dtype: "uint4", mapping: "nf4", granularity: { block: 32 } },
  { dtype: "uint4", mapping: "kmeans" },
  { dtype: "uint2", mapping: "kmeans", granularity: "tensor" },
  { dtype: "uint8", mapping: "kmeans", granularity: { block: 24 } },
  { dtype: "int4", mapping: "log2" },
];

/** The float model with the weights that codes stand for. */
function simulated(model: ModelProto, assignment: Assignment): ModelProto {
  const copy = copyModel(model);
  const graph = Graph.of(copy);
  const codes = nearest(model, assignment);
  for (const layer of layersOf(graph))
    for (const weight of layer.weights) {
      const values = dequantize(codes(layer, weight));
      graph.initializers.set(toTensorProto(tensor("float32", weight.shape, values), weight.name));
    }
  return copy;
}

for (const [name, parts] of Object.entries(models))
  describe(name, () => {
    const model = modelOf(parts);
    const layer = layerOf(model);
    for (const weight of schemes) {
      const scheme: LayerScheme = { weight };
      const supporting = runnable.filter((target) => checkTarget(target, layer, scheme) === undefined);
      if (supporting.length === 0) continue;
      test(JSON.stringify(weight), async () => {
        const assignment = { [layer.name]: scheme };
        const { y: expected } = await runners.js(simulated(model, assignment), parts.inputs);
        for (const target of supporting) {
          const { y } = await runners[target](await exported(model, target, assignment), parts.inputs);
          expect(distance(y, expected), target).toBeLessThan(2e-5);
        }
      });
    }
  });
