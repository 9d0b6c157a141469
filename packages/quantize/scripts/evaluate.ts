/**
 * `node packages/quantize/scripts/evaluate.ts [task ...]`: what quantization makes of the models that ship with the project and of the
 * real ones, in the way users call it (`quantizeModel`), beside what onnxruntime's own quantizer makes of them where its
 * files are there. For each: the figure of merit on this runtime, on how many predictions onnxruntime-web and
 * onnxruntime-node give the same answer, bytes, and milliseconds a sample on one thread. Prints rows of Markdown.
 */
import { existsSync, readFileSync } from "node:fs";
import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-wasm";
import { type HostTensor, valuesOf } from "@bitbudget/core";
import { type ModelProto, parseModel, writeModel } from "@bitbudget/onnx";
import {
  onnxruntimeRunner,
  type Preset,
  quantizeModel,
  type Runner,
  sessionRunner,
} from "@bitbudget/quantize";
import type { Feeds } from "@bitbudget/runtime";
import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { measure, shared, show, type Task, tasks } from "./tasks/index.ts";

/** Rounds of timing, of which the median counts, and the least time of one of them, in ms. */
const [ROUNDS, LEAST] = [7, 60];

const ort = "int8 of onnxruntime's quantizer";
const variants: readonly (readonly [name: string, preset: Preset | undefined, plain?: boolean])[] = [
  ["float32", undefined],
  ["`int8-static`", "int8-static"],
  ["`int8-dynamic`", "int8-dynamic"],
  ["`w4`, rounded to nearest", "w4", true],
  ["`w4`, repaired", "w4"],
];

async function row(task: Task, name: string, model: ModelProto, backend: Backend): Promise<void> {
  const figure = show(task, await measure(task, model, backend));
  const runners = [
    await sessionRunner(model, { backend }),
    await onnxruntimeRunner(web, model, { name: "ort-web", options: { executionProviders: ["wasm"] } }),
    await onnxruntimeRunner(native, model, { name: "ort-node" }),
  ];
  const same = await agreement(task, runners, backend);
  const [ours, theirs] = await times(task, runners.slice(0, 2));
  for (const each of runners) await each.dispose();
  const cells = [task.name, name, figure, ...same, writeModel(model).length, ours, theirs];
  console.log(`| ${cells.join(" | ")} |`);
}

/** Of how many predictions a runner gives the first one's: the place of the largest number along the last axis. */
async function agreement(task: Task, [first, ...others]: readonly Runner[], backend: Backend) {
  const counts = others.map(() => ({ same: 0, of: 0 }));
  for await (const { feeds } of await task.evaluation(backend)) {
    const right = predictions(Object.values(await first!.run(feeds))[0]!);
    for (const [i, other] of others.entries()) {
      const found = predictions(Object.values(await other.run(feeds))[0]!);
      for (const [k, each] of right.entries()) counts[i]!.same += Number(found[k] === each);
      counts[i]!.of += right.length;
    }
  }
  return counts.map(({ same, of }) => (same === of ? `all ${of}` : `${of - same} of ${of} differ`));
}

function predictions(output: HostTensor): Int32Array {
  const classes = output.shape.at(-1) ?? 1;
  const values = valuesOf(output);
  return Int32Array.from({ length: values.length / classes }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++)
      if (values[row * classes + k]! > values[row * classes + best]!) best = k;
    return best;
  });
}

/** Milliseconds a sample, in a batch of the calibration, runners in turn. */
async function times(task: Task, runners: readonly Runner[]): Promise<string[]> {
  let feeds: Feeds = {};
  for await (const batch of task.calibration()) {
    feeds = batch.feeds;
    break;
  }
  const samples = Object.values(feeds)[0]?.shape[0] ?? 1;
  const found = runners.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [i, runner] of runners.entries()) {
      const start = performance.now();
      let runs = 0;
      while (performance.now() - start < LEAST || runs < 2) {
        await runner.run(feeds);
        runs++;
      }
      // The first round is for warming up.
      if (round > 0) found[i]!.push((performance.now() - start) / runs / samples);
    }
  return found.map((all) => all.sort((a, b) => a - b)[ROUNDS >> 1]!.toPrecision(3));
}

/** Files of onnxruntime's quantizer. */
function theirs(task: Task): ModelProto | undefined {
  for (const kind of ["int8-qdq", "int8-dynamic"]) {
    const path = task.name.includes("_") ? shared(`models/quantized/${task.name}.${kind}.onnx`) : "";
    if (existsSync(path)) return parseModel(readFileSync(path));
  }
  return undefined;
}

web.env.wasm.numThreads = 1;
await using backend = await open({ threads: 1 });
console.log(
  "| model | | figure | ort-web | ort-node | bytes | ms, ours | ms, ort-web |\n|---|---|---|---|---|---|---|---|",
);
for (const task of await tasks(...process.argv.slice(2))) {
  const float = await task.load();
  for (const [name, preset, plain] of variants) {
    try {
      if (preset === undefined) {
        await row(task, name, float, backend);
        const other = theirs(task);
        if (other !== undefined) await row(task, ort, other, backend);
        continue;
      }
      const { model } = await quantizeModel(float, {
        ...{ preset, target: "ort-wasm", backend, batches: task.calibration() },
        ...(plain === true && { repair: {} }),
      });
      await row(task, name, model, backend);
    } catch (error) {
      console.log(`| ${task.name} | ${name} | ${error instanceof Error ? error.message : error} |`);
    }
  }
}
