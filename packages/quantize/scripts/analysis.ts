/**
 * `node packages/quantize/scripts/analysis.ts [task] [dtype] [file.svg]`: which layers of a model take weights of that format badly.
 * Default: shapes-cnn int4. Writes a chart where a file is named.
 */
import { writeFileSync } from "node:fs";
import { open } from "@bitbudget/backend-wasm";
import { type DType, isDType } from "@bitbudget/core";
import { Graph } from "@bitbudget/onnx";
import {
  analyze,
  assign,
  chartAnalysis,
  floatModel,
  formatAnalysis,
  layersOf,
  type Objective,
} from "@bitbudget/quantize";
import type { Batch } from "@bitbudget/train";
import { task } from "./tasks/index.ts";

const BATCHES = 4;

const [name = "shapes-cnn", given = "int4", file] = process.argv.slice(2);
const dtype: DType = isDType(given) ? given : "int4";
const { load, calibration, metric, unit } = await task(name);
const model = await floatModel(await load());
const batches: Batch[] = [];
for await (const batch of calibration()) if (batches.push(batch) >= BATCHES) break;
const [output = ""] = metric.values;
const objective: Objective =
  unit === "mean square" ? { kind: "square", output } : { kind: "divergence", logits: output };

await using backend = await open();
const assignment = assign(layersOf(Graph.of(model)), ({ weights }) =>
  weights.length === 0 ? undefined : { weight: { dtype } },
);
const start = performance.now();
const analysis = await analyze(model, { assignment, batches, backend, objective });
console.log(formatAnalysis(analysis));
console.log(`${name}, ${dtype}, ${BATCHES} batches: ${((performance.now() - start) / 1000).toFixed(1)} s`);
if (file !== undefined) writeFileSync(file, chartAnalysis(analysis, { title: `${name}, ${dtype} weights` }));
