/**
 * `node examples/src/quantize.ts [--out DIR] [--presets LIST] [--images N]`: the network that ships with the project under some presets, from
 * data without labels: what each does to its accuracy, its size and its speed on this machine. The files that it leaves are
 * checked on onnxruntime-web first.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { open } from "@bitbudget/backend-wasm";
import { type ModelProto, writeModel } from "@bitbudget/onnx";
import { saveModel } from "@bitbudget/onnx/node";
import { isPreset, onnxruntimeRunner, type Preset, presets, quantizeModel } from "@bitbudget/quantize";
import { createSession } from "@bitbudget/runtime";
import type { Batch } from "@bitbudget/train";
import { imageTensor, loadShapesCnn, loadShapesTest, scoreShapes, shapeImages } from "@bitbudget/zoo";
import * as ort from "onnxruntime-web";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "quantized" },
    presets: { type: "string", default: "float16,int8-static,w4,w3,w2" },
    images: { type: "string", default: "200" },
  },
});
const chosen = values.presets.split(",");
const wrong = chosen.find((name) => !isPreset(name));
const count = Number(values.images);
if (wrong !== undefined || !(Number.isInteger(count) && count >= 1)) {
  console.error(
    wrong === undefined
      ? `--images takes a whole number of at least 1, not ${values.images}`
      : `${JSON.stringify(wrong)} is no preset; there are ${Object.keys(presets).join(", ")}`,
  );
  process.exit(2);
}

const folder = resolve(values.out);
mkdirSync(folder, { recursive: true });
ort.env.wasm.numThreads = 1;
await using backend = await open({ threads: 1 });
const float = await loadShapesCnn();
const test = await loadShapesTest();
const { pixels } = shapeImages({ split: "train", seed: 1, count });
const batches: Batch[] = [{ feeds: { image: imageTensor(pixels) }, targets: {} }];
const one = { image: imageTensor(pixels.subarray(0, 3 * 32 * 32)) };

/** Accuracy on the test set, bytes, and the time of one image beside that of the float model, in turn: medians. */
async function measure(model: ModelProto) {
  await using session = await createSession(model, { backend });
  await using other = await createSession(float, { backend });
  const { accuracy, predictions } = await scoreShapes(session, test);
  const [own, others]: [number[], number[]] = [[], []];
  for (let i = 0; i < 200; i++)
    for (const [each, times] of [
      [session, own],
      [other, others],
    ] as const) {
      const start = performance.now();
      await each.run(one);
      times.push(performance.now() - start);
    }
  const [ms, floatMs] = [own, others].map((times) => times.sort((a, b) => a - b)[times.length >> 1]!);
  return { accuracy, predictions, ms: ms!, faster: floatMs! / ms!, bytes: writeModel(model).length };
}

const widths = [14, 9, 13, 9, 9, 10, 9];
const line = (cells: readonly string[]) =>
  console.log(
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" "),
  );
line(["", "accuracy", "like float32", "bytes", "smaller", "ms/image", "faster"]);
const base = await measure(float);
const row = (name: string, { accuracy, predictions, ms, faster, bytes }: typeof base) => {
  const same = predictions.filter((prediction, i) => prediction === base.predictions[i]).length;
  line([
    name,
    `${(100 * accuracy).toFixed(1)}%`,
    `${((100 * same) / predictions.length).toFixed(1)}%`,
    `${bytes}`,
    `${(base.bytes / bytes).toFixed(1)}x`,
    ms.toFixed(3),
    `${faster.toFixed(2)}x`,
  ]);
};
row("float32", base);
for (const preset of chosen as Preset[]) {
  const { model } = await quantizeModel(float, {
    ...{ preset, target: "ort-wasm", backend, batches },
    runners: { "onnxruntime-web": (made) => onnxruntimeRunner(ort, made, { name: "onnxruntime-web" }) },
  });
  await saveModel(model, join(folder, `shapes-cnn.${preset}.onnx`));
  row(preset, await measure(model));
}
console.log(`\nEach file computes the same on onnxruntime-web: ${folder}`);
