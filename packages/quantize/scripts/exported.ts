/**
 * `node packages/quantize/scripts/exported.ts [task ...]`: models as they are written for each target, with 8-bit weights and
 * activations (nearest codes, ranges from the smallest to the largest number): figure of merit, bytes, and how long one
 * batch takes on one thread. Times are the least of three, of a machine that may be doing other things.
 */
import { open } from "@bitbudget/backend-wasm";
import { type Quantized, valuesOf } from "@bitbudget/core";
import { Graph, type ModelProto, tensorValue, writeModel } from "@bitbudget/onnx";
import {
  type Assignment,
  assign,
  calibrate,
  checkTarget,
  coreScheme,
  exportModel,
  floatModel,
  type LayerScheme,
  layersOf,
  onnxruntimeRunner,
  type Runner,
  roundNearest,
  sessionRunner,
} from "@bitbudget/quantize";
import type { Batch } from "@bitbudget/train";
import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { show, type Task, tasks } from "./tasks/index.ts";

const kinds: Readonly<Record<string, LayerScheme>> = {
  static: { weight: { dtype: "int8" }, activation: { dtype: "uint8" } },
  dynamic: { weight: { dtype: "int8" }, activation: { dtype: "uint8", dynamic: true } },
  weights: { weight: { dtype: "int8" } },
};
const names = ["wasm", "ort-wasm", "ort-node"] as const;

web.env.wasm.numThreads = 1;
await using backend = await open({ threads: 1 });
const options = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;
const runners = {
  wasm: (model: ModelProto) => sessionRunner(model, { backend }),
  "ort-wasm": (model: ModelProto) =>
    onnxruntimeRunner(web, model, { options: { ...options, executionProviders: ["wasm"] } }),
  "ort-node": (model: ModelProto) => onnxruntimeRunner(native, model, { options }),
};

async function figureOf(task: Task, runner: Runner, batches: readonly Batch[]) {
  const measurement = task.metric.start();
  const { values } = task.metric;
  for (const batch of batches) measurement.add(await runner.run(batch.feeds, values), batch);
  const [first] = batches;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3 && first !== undefined; i++) {
    const start = performance.now();
    await runner.run(first.feeds, values);
    least = Math.min(least, performance.now() - start);
  }
  const figure = measurement.result();
  return `${show(task, task.unit === "accuracy" ? 100 * figure : figure)}, ${least.toFixed(1)} ms`;
}

/** The scheme where the target runs it, for other layers weights alone. */
function choose(target: (typeof names)[number], model: ModelProto, scheme: LayerScheme): Assignment {
  const { activation } = scheme;
  return assign(layersOf(Graph.of(model)), (layer) => {
    const tried: LayerScheme[] =
      layer.weights.length > 0 ? [scheme, { weight: { dtype: "int8" } }] : activation ? [{ activation }] : [];
    return tried.find((each) => checkTarget(target, layer, each) === undefined);
  });
}

for (const task of await tasks(...process.argv.slice(2))) {
  const model = await floatModel(await task.load());
  const { initializers } = Graph.of(model);
  const batches: Batch[] = [];
  for await (const batch of await task.evaluation(backend)) batches.push(batch);
  const calibration = await calibrate(model, task.calibration(), { backend, channels: false });
  console.log(`${task.name}, ${writeModel(model).length} bytes in float32`);
  for (const target of names) {
    const runner = await runners[target](model);
    console.log(`  ${"float32".padEnd(8)} ${target.padEnd(9)} ${await figureOf(task, runner, batches)}`);
    await runner.dispose();
  }
  for (const [kind, scheme] of Object.entries(kinds))
    for (const target of names) {
      const assignment = choose(target, model, scheme);
      const file = await exportModel({
        ...{ model, assignment, calibration, target },
        weights: (layer, weight): Quantized => {
          const proto = initializers.get(weight.name) ?? layer.graph.initializers.get(weight.name);
          const given = assignment[layer.name]?.weight;
          if (proto === undefined || given === undefined) throw new Error(`${layer.name} has no weight`);
          return roundNearest(
            new Float32Array(valuesOf(tensorValue(proto))),
            weight.shape,
            coreScheme(layer, weight, given),
          );
        },
      });
      const runner = await runners[target](file);
      const figure = await figureOf(task, runner, batches);
      console.log(`  ${kind.padEnd(8)} ${target.padEnd(9)} ${figure}, ${writeModel(file).length} bytes`);
      await runner.dispose();
    }
}
