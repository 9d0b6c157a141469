/**
 * `node packages/quantize/scripts/analysis.ts [task] [weights] [activations] [file.svg]`: which layers of a model take these formats badly.
 * Default: shapes-cnn int4, activations as they are. Writes a chart where a file is named.
 */
import { writeFileSync } from "node:fs";
import { open } from "@bitbudget/backend-wasm";
import { isDType } from "@bitbudget/core";
import { Graph } from "@bitbudget/onnx";
import {
  analyze,
  assign,
  calibrate,
  chartAnalysis,
  floatModel,
  formatAnalysis,
  type LayerScheme,
  layersOf,
  type Objective,
} from "@bitbudget/quantize";
import type { Batch } from "@bitbudget/train";
import { task } from "./tasks/index.ts";

const BATCHES = 4;

const [name = "shapes-cnn", ...others] = process.argv.slice(2);
const file = others.find((each) => each.endsWith(".svg"));
const [dtype = "int4", activation] = others.filter(isDType);
const { load, calibration: samples, metric, unit } = await task(name);
const model = await floatModel(await load());
const graph = Graph.of(model);
const batches: Batch[] = [];
for await (const batch of samples()) if (batches.push(batch) >= BATCHES) break;
// A softmax at the end is no part of what the divergence is of.
const [value = ""] = metric.values;
const last = graph.producer(value);
const output = (last?.opType === "Softmax" ? last.input[0] : undefined) ?? value;
const objective: Objective =
  unit === "mean square" ? { kind: "square", output } : { kind: "divergence", logits: output };

await using backend = await open();
const assignment = assign(layersOf(graph), ({ weights, opType }) => {
  const scheme: LayerScheme = {
    ...(weights.length > 0 && { weight: { dtype } }),
    ...(activation !== undefined && opType !== "Gather" && { activation: { dtype: activation } }),
  };
  return Object.keys(scheme).length === 0 ? undefined : scheme;
});
const calibration = activation && (await calibrate(model, batches, { backend }));
const start = performance.now();
const analysis = await analyze(model, {
  ...{ assignment, batches, backend, objective },
  ...(calibration !== undefined && { calibration }),
});
console.log(formatAnalysis(analysis));
console.log(`${name}, ${dtype}, ${BATCHES} batches: ${((performance.now() - start) / 1000).toFixed(1)} s`);
const title = `${name}: ${dtype} weights${activation === undefined ? "" : `, ${activation} activations`}`;
if (file !== undefined) writeFileSync(file, chartAnalysis(analysis, { title }));
