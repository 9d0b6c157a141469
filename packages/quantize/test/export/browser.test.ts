/** What is written for this project's runtime runs on it, in Node and in a browser. */
import type { Backend } from "@bitbudget/backend";
import { open as openJs } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";
import { valuesOf } from "@bitbudget/core";
import { Graph, type ModelProto } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { expect, test } from "vitest";
import { type LayerScheme, layersOf } from "../../src/index.ts";
import { distance } from "./distance.ts";
import { exported, modelOf, observed, op, type Parts, random } from "./models.ts";

const parts: Parts = {
  inputs: { x: random([2, 3, 8, 8], 1) },
  outputs: ["y"],
  constants: {
    ...{ w1: random([6, 3, 3, 3], 2), b1: random([6], 3), w2: random([6, 1, 3, 3], 4) },
    ...{ w3: random([6, 64], 5, -0.2, 0.2), b3: random([64], 6) },
  },
  nodes: [
    op("Conv", ["x", "w1", "b1"], "c1", { pads: [1n, 1n, 1n, 1n] }),
    op("Relu", ["c1"], "r1"),
    op("Conv", ["r1", "w2"], "c2", { group: 6n }),
    op("Add", ["c2", "c2"], "s2"),
    op("GlobalAveragePool", ["s2"], "g"),
    op("Flatten", ["g"], "f"),
    op("Gemm", ["f", "w3", "b3"], "y"),
  ],
};

async function run(model: ModelProto, open: () => Promise<Backend>): Promise<number[]> {
  await using backend = await open();
  await using session = await createSession(model, { backend });
  const { y } = await session.run(parts.inputs);
  return y === undefined ? [] : Array.from(valuesOf(y));
}

const schemes: readonly (readonly [string, LayerScheme, number])[] = [
  ["static", { weight: { dtype: "int8" }, activation: { dtype: "uint8" } }, 0.03],
  ["dynamic", { weight: { dtype: "int8" }, activation: { dtype: "uint8", dynamic: true } }, 0.03],
  ["weights alone", { weight: { dtype: "int8" } }, 0.02],
  ["float16", { weight: { dtype: "float16" } }, 0.001],
  ["float8", { weight: { dtype: "float8_e4m3fn" } }, 0.1],
  ["k-means", { weight: { dtype: "uint8", mapping: "kmeans" } }, 0.05],
];

test.each(schemes)("%s", async (_, scheme, bound) => {
  const model = modelOf(parts);
  const assignment = Object.fromEntries(layersOf(Graph.of(model)).map(({ name }) => [name, scheme]));
  const calibration = await observed(model, parts.inputs);
  const floats = await run(model, openJs);
  const js = await run(await exported(model, "js", assignment, { calibration }), openJs);
  const wasm = await run(await exported(model, "wasm", assignment, { calibration }), () =>
    openWasm({ threads: 1 }),
  );
  expect(distance(js, floats)).toBeLessThan(bound);
  expect(distance(wasm, js)).toBeLessThan(1e-5);
});
