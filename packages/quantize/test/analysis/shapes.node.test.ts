/** Predictions on a real network: the one that ships with the project. */
import { open } from "@bitbudget/backend-wasm";
import { Graph } from "@bitbudget/onnx";
import { imageTensor, loadShapesCnn, shapeImages } from "@bitbudget/zoo";
import { expect, test } from "vitest";
import { analyze, assign, floatModel, formatAnalysis, layersOf } from "../../src/index.ts";

test("gradients predict which layers of the network for the shapes take four bits badly", async () => {
  await using backend = await open({ threads: 1 });
  const model = await floatModel(await loadShapesCnn());
  const batches = [0, 1].map((i) => ({
    feeds: { image: imageTensor(shapeImages({ split: "train", start: 24 * i, count: 24 }).pixels) },
    targets: {},
  }));
  const analysis = await analyze(model, {
    assignment: assign(layersOf(Graph.of(model)), () => ({ weight: { dtype: "int4" } })),
    ...{ batches, backend, trials: 8, draws: 24, objective: { kind: "divergence", logits: "logits" } },
  });
  console.log(formatAnalysis(analysis));
  expect(analysis.layers.length).toBe(23);
  expect(analysis.correlations.fisher).toBeGreaterThan(0.5);
  expect(analysis.correlations.diagonal).toBeGreaterThan(0.4);
  expect(analysis.correlations.trials).toBeGreaterThan(0);
  const ratio = analysis.whole.predicted! / analysis.whole.measured.mean;
  expect(ratio).toBeGreaterThan(0.25);
  expect(ratio).toBeLessThan(4);
});
