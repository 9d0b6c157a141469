/** Activations that are quantized while the model runs: close to the float model, and the same on every runtime. */
import { describe, expect, test } from "vitest";
import type { LayerScheme, WeightScheme } from "../../src/index.ts";
import { distance } from "./distance.ts";
import { exported, layerOf, modelOf, op, operators, type Parts, random } from "./models.ts";
import { runnable, runners } from "./runners.ts";

const cases: readonly (readonly [name: string, parts: Parts, expected: readonly string[]])[] = [
  [
    "MatMul",
    {
      inputs: { x: random([2, 3, 32], 1) },
      outputs: ["y"],
      constants: { w: random([32, 6], 2) },
      nodes: [op("MatMul", ["x", "w"], "y")],
    },
    ["DynamicQuantizeMatMul"],
  ],
  [
    "Gemm",
    {
      inputs: { x: random([3, 32], 1) },
      outputs: ["y"],
      constants: { w: random([6, 32], 2), b: random([6], 3) },
      nodes: [op("Gemm", ["x", "w", "b"], "y", { transB: 1n })],
    },
    ["DynamicQuantizeMatMul"],
  ],
  [
    "Conv",
    {
      inputs: { x: random([1, 4, 7, 7], 1) },
      outputs: ["y"],
      constants: { w: random([6, 4, 3, 3], 2), b: random([6], 3) },
      nodes: [op("Conv", ["x", "w", "b"], "y")],
    },
    ["DynamicQuantizeLinear", "ConvInteger", "Cast", "Mul", "Mul", "Add"],
  ],
  [
    "LSTM",
    {
      inputs: { x: random([4, 2, 6], 1) },
      outputs: ["y"],
      constants: { w: random([2, 20, 6], 2), r: random([2, 20, 5], 3), b: random([2, 40], 4) },
      nodes: [op("LSTM", ["x", "w", "r", "b"], "y", { hidden_size: 5n, direction: "bidirectional" })],
    },
    ["DynamicQuantizeLSTM"],
  ],
];

const schemes: readonly WeightScheme[] = [
  { dtype: "int8" },
  { dtype: "int8", granularity: "tensor" },
  { dtype: "uint8", mapping: "asymmetric" },
  { dtype: "int4" },
];

for (const [name, parts, expected] of cases)
  describe(name, () => {
    const model = modelOf(parts);
    for (const weight of schemes) {
      // A refusal, which is tested with the others.
      if ((name === "Conv" || name === "LSTM") && weight.mapping === "asymmetric") continue;
      test(JSON.stringify(weight), async () => {
        const scheme: LayerScheme = { weight, activation: { dtype: "uint8", dynamic: true } };
        const assignment = { [layerOf(model).name]: scheme };
        const { y: floats } = await runners.js(model, parts.inputs);
        const results = new Map<string, number[]>();
        for (const target of runnable) {
          const file = await exported(model, target, assignment);
          expect(operators(file).toSorted()).toEqual(expected.toSorted());
          const { y = [] } = await runners[target](file, parts.inputs);
          results.set(target, y);
          expect(distance(y, floats), target).toBeLessThan(weight.dtype === "int4" ? 0.2 : 0.03);
        }
        for (const target of runnable)
          expect(distance(results.get(target), results.get("ort-node")), target).toBeLessThan(
            name === "LSTM" ? 0.02 : 1e-5,
          );
      });
    }
  });

test("blocks of weights and blocks of activations", async () => {
  const [, parts] = cases[0]!;
  const model = modelOf(parts);
  const scheme: LayerScheme = {
    weight: { dtype: "int4", granularity: { block: 16 } },
    activation: { dtype: "int8", dynamic: true },
  };
  const assignment = { [layerOf(model).name]: scheme };
  const weightsAlone = await exported(model, "js", { [layerOf(model).name]: { weight: scheme.weight! } });
  const { y: expected } = await runners.js(weightsAlone, parts.inputs);
  for (const target of ["js", "wasm", "ort-node"] as const) {
    const { y } = await runners[target](await exported(model, target, assignment), parts.inputs);
    expect(distance(y, expected), target).toBeLessThan(0.02);
  }
  await expect(exported(model, "ort-wasm", assignment)).rejects.toThrow(/ort-wasm/);
});
