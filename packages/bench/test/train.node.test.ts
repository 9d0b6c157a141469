/** Training with TensorFlow.js is training of the same network: loss and gradients agree with ours. */
import { open } from "@bitbudget/backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, expect, test } from "vitest";
import { disagreement } from "../src/compare.ts";
import { registerTfjsGradients } from "../src/node/tfjs-gradients.ts";
import { trainCases } from "../src/train/networks.ts";
import { trainOurs } from "../src/train/ours.ts";
import { trainTfjs } from "../src/train/tfjs.ts";

// Five seconds where nothing else runs.
const slow = { timeout: 120_000 };

beforeAll(async () => {
  tf.enableProdMode();
  await registerTfjsGradients();
});

test("convolutions, depthwise ones, batch normalization and a linear layer", slow, async () => {
  const problem = trainCases.find(({ shape }) => shape === "shapes-cnn, batch of 4")!.build();
  await using backend = await open();
  const ours = await trainOurs("wasm", backend, problem);
  const theirs = await trainTfjs(tf, "cpu", problem);
  const values = await ours.values();
  expect(values.length).toBeGreaterThan(10_000);
  expect(disagreement(values, await theirs.values(), { rms: 1e-5 })).toBeUndefined();
  await ours.release();
  await theirs.release();
});

test("steps leave no tensors behind", slow, async () => {
  const problem = trainCases.find(({ shape }) => shape.startsWith("MLP"))!.build();
  const theirs = await trainTfjs(tf, "cpu", problem);
  await theirs.run(1);
  const before = tf.memory().numTensors;
  await theirs.run(1);
  expect(tf.memory().numTensors).toBe(before);
  await theirs.release();
});
