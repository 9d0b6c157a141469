/** CIFAR-10 and the ResNet-8 of MLPerf Tiny, where ../shared has them: the task of the scripts beside this. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { Backend } from "@bitbudget/backend";
import { tensor } from "@bitbudget/core";
import { parseModel } from "@bitbudget/onnx";
import { rows, type Task } from "./recipe.ts";

const SIZE = 3 * 32 * 32;

export function cifar10(backend: Backend): Task {
  const shared = [4, 5, 6]
    .map((up) => fileURLToPath(new URL(`${"../".repeat(up)}shared/`, import.meta.url)))
    .find((folder) => existsSync(`${folder}models`));
  if (shared === undefined)
    throw new Error("there is no folder shared/ with models and data beside the repository");
  const train = read(`${shared}data/cifar10-train-10000.bin.gz`);
  const test = read(`${shared}data/cifar10-test-first5000.bin.gz`);
  const held = Array.from({ length: 20 }, (_, i) => ({
    feeds: { input: rows(test.images, i * 250, 250) },
    targets: { labels: tensor("int32", [250], test.labels.slice(i * 250, (i + 1) * 250)) },
  }));
  return {
    backend,
    float: parseModel(readFileSync(`${shared}models/mlperf_tiny_resnet8_cifar10.onnx`)),
    ...{ input: "input", logits: "fc_14_out", images: train.images, held, shift: 4, mirror: true },
  };
}

/** A byte with the label, then the image, for each of them. */
function read(path: string) {
  const bytes = gunzipSync(readFileSync(path));
  const count = bytes.length / (SIZE + 1);
  const labels = Int32Array.from({ length: count }, (_, i) => bytes[i * (SIZE + 1)]!);
  const pixels = new Float32Array(count * SIZE);
  for (let i = 0; i < count; i++)
    pixels.set(bytes.subarray(i * (SIZE + 1) + 1, (i + 1) * (SIZE + 1)), i * SIZE);
  return { labels, images: tensor("float32", [count, 3, 32, 32], pixels) };
}
