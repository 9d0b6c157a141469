/** Models whose layers have static activations: which operators run, and that all runtimes agree. */
import { open } from "@bitbudget/backend-wasm";
import { tensor } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import { type Assignment, type LayerScheme, layersOf } from "../../src/index.ts";
import { distance } from "./distance.ts";
import { exported, modelOf, observed, op, operators, type Parts, random } from "./models.ts";
import { runnable, runners } from "./runners.ts";

/** Convolutions, a residual sum, a concatenation, pools, moves, a product at the end. */
const cnn: Parts = {
  inputs: { x: random([2, 3, 8, 8], 1) },
  outputs: ["y"],
  constants: {
    w1: random([6, 3, 3, 3], 2, -0.4, 0.4),
    b1: random([6], 3),
    w2: random([6, 1, 3, 3], 4, -0.4, 0.4),
    b2: random([6, 1, 1], 5),
    w3: random([6, 6, 1, 1], 6, -0.4, 0.4),
    b3: random([6], 7),
    zero: tensor("float32", [], [0]),
    six: tensor("float32", [], [6]),
    w4: random([12, 5], 8, -0.4, 0.4),
    b4: random([5], 9),
    flat: tensor("int64", [2], BigInt64Array.of(0n, -1n)),
  },
  nodes: [
    op("Conv", ["x", "w1", "b1"], "c1", { pads: [1n, 1n, 1n, 1n] }),
    op("Relu", ["c1"], "r1"),
    op("Conv", ["r1", "w2"], "c2", { pads: [1n, 1n, 1n, 1n], group: 6n }),
    op("Add", ["c2", "b2"], "a2"),
    op("Clip", ["a2", "zero", "six"], "r2"),
    op("Conv", ["r2", "w3", "b3"], "c3"),
    op("Add", ["c3", "r1"], "s3"),
    op("Relu", ["s3"], "r3"),
    op("MaxPool", ["r3"], "m3", { kernel_shape: [2n, 2n], strides: [2n, 2n] }),
    op("AveragePool", ["r1"], "p1", { kernel_shape: [2n, 2n], strides: [2n, 2n] }),
    op("Concat", ["m3", "p1"], "k", { axis: 1n }),
    op("GlobalAveragePool", ["k"], "g"),
    op("Reshape", ["g", "flat"], "f"),
    op("Gemm", ["f", "w4", "b4"], "l"),
    op("Softmax", ["l"], "y"),
  ],
};

function all(model: ModelProto, scheme: LayerScheme): Assignment {
  return Object.fromEntries(layersOf(Graph.of(model)).map(({ name }) => [name, scheme]));
}

const int8: LayerScheme = { weight: { dtype: "int8" }, activation: { dtype: "uint8" } };

describe("a fully static network", () => {
  const model = modelOf(cnn);

  test.each([
    ["uint8", int8, 0.05],
    ["int8", { weight: { dtype: "int8" }, activation: { dtype: "int8" } }, 0.05],
    [
      "uint8 with unsigned weights",
      {
        weight: { dtype: "uint8", mapping: "asymmetric", granularity: "tensor" },
        activation: { dtype: "uint8" },
      },
      0.05,
    ],
    ["4-bit weights", { weight: { dtype: "int4" }, activation: { dtype: "uint8" } }, 0.3],
    ["2-bit weights", { weight: { dtype: "int2" }, activation: { dtype: "uint8" } }, 2],
    ["4-bit activations", { weight: { dtype: "int8" }, activation: { dtype: "uint4" } }, 0.5],
    ["16-bit activations", { weight: { dtype: "int8" }, activation: { dtype: "uint16" } }, 0.05],
  ] as const)("%s: every runtime gives the same, close to the float model", async (_, scheme, bound) => {
    const { y: floats } = await runners.js(model, cnn.inputs);
    const calibration = await observed(model, cnn.inputs);
    const ofNode = await exported(model, "ort-node", all(model, scheme), { calibration });
    const { y: reference } = await runners["ort-node"](ofNode, cnn.inputs);
    for (const encoding of ["qdq", "qoperator"] as const)
      for (const target of runnable) {
        const file = await exported(model, target, all(model, scheme), { encoding, calibration });
        const { y } = await runners[target](file, cnn.inputs);
        expect(distance(y, floats), `${target} ${encoding}`).toBeLessThan(bound);
        // One code of some value in between.
        expect(distance(y, reference), `${target} ${encoding}`).toBeLessThan(0.05);
      }
  });

  test("our runtime computes on codes from the first layer to the last", async () => {
    const calibration = await observed(model, cnn.inputs);
    await using backend = await open();
    for (const scheme of [int8, { weight: { dtype: "int4" }, activation: { dtype: "uint4" } }] as const) {
      const file = await exported(model, "wasm", all(model, scheme), { calibration });
      await using session = await createSession(file, { backend });
      await session.run(cnn.inputs);
      const rows = session.plan?.rows ?? [];
      expect(rows.filter(({ how }) => how !== "native")).toEqual([]);
      const floats = rows.filter(({ kernel }) => !kernel.includes("int"));
      // The runtime averages codes as numbers.
      expect(new Set(floats.map(({ opType }) => opType))).toEqual(new Set(["QLinearAveragePool", "Softmax"]));
    }
  });
});

test("as operators on codes there is nothing else", async () => {
  const model = modelOf(cnn);
  const calibration = await observed(model, cnn.inputs);
  for (const target of ["wasm", "ort-wasm"] as const) {
    const file = await exported(model, target, all(model, int8), { encoding: "qoperator", calibration });
    expect(operators(file)).toEqual([
      ...["QuantizeLinear", "QLinearConv", "QLinearConv", "QLinearConv", "QLinearAdd", "MaxPool"],
      ...["QLinearAveragePool", "Concat", "QLinearGlobalAveragePool", "Reshape", "QGemm", "Softmax"],
    ]);
  }
});
