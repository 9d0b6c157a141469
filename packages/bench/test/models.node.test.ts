/** Generated models, in small: they are valid ONNX, and native onnxruntime gets what our runtime gets. */
import { open } from "@bitbudget/backend-js";
import { valuesOf } from "@bitbudget/core";
import { checkModel, inferShapes, type ModelProto, writeModel } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import * as ort from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { disagreement } from "../src/compare.ts";
import { decoderLayer } from "../src/models/decoder.ts";
import { randomFeeds } from "../src/models/feeds.ts";
import { macsOf } from "../src/models/macs.ts";
import { efficientnetLite0, mobilenetV2, mobilenetV3 } from "../src/models/mobilenet.ts";
import { codedActivations, quantizeNBits, quantizeQdq, type Recipe } from "../src/models/quantize.ts";
import { resnet18 } from "../src/models/resnet.ts";
import { squeezenet } from "../src/models/squeezenet.ts";
import { bertBase, whisperTinyEncoder } from "../src/models/transformer.ts";
import { calibrate } from "../src/node/calibrate.ts";
import { openOrt } from "../src/rivals/onnxruntime.ts";
import { sessionOptions } from "../src/rivals/rivals.ts";

const encoder = { tokens: 6, hidden: 32, heads: 2, inner: 64, layers: 2 };
const decoder = { hidden: 64, inner: 96, heads: 4, kvHeads: 2 };

const models: readonly (readonly [string, () => ModelProto, Recipe])[] = [
  ["ResNet-18", () => resnet18(32, 4), "image"],
  ["MobileNetV2", () => mobilenetV2(32, 0.25), "image"],
  ["MobileNetV3", () => mobilenetV3(32), "image"],
  ["EfficientNet", () => efficientnetLite0(32), "image"],
  ["SqueezeNet", () => squeezenet(48), "image"],
  ["BERT", () => bertBase(encoder), "transformer"],
  ["Whisper", () => whisperTinyEncoder(encoder), "transformer"],
  ["decoder, one token", () => decoderLayer({ ...decoder, tokens: 1, past: 5 }), "transformer"],
  ["decoder, a prompt", () => decoderLayer({ ...decoder, tokens: 7, past: 0 }), "transformer"],
];

/** Outputs of our runtime on the specification, and of onnxruntime, by name. */
async function bothResults(model: ModelProto) {
  const bytes = writeModel(model);
  await using backend = await open();
  await using session = await createSession(bytes, { backend });
  const feeds = randomFeeds(session.inputs);
  const ours = await session.run(feeds);
  const native = { name: "ort-node", ort, options: sessionOptions("cpu", 1) };
  const rival = await openOrt(native, "", bytes, feeds);
  const theirs = await rival.results();
  await rival.release();
  return Object.keys(ours).map((name) => [valuesOf(ours[name]!), valuesOf(theirs[name]!)] as const);
}

function numbers(values: ArrayLike<number | bigint>): number[] {
  return Array.from(values, Number);
}

async function expectEqual(model: ModelProto, rms: number): Promise<void> {
  checkModel(model);
  expect(inferShapes(model).conflicts).toEqual([]);
  const results = await bothResults(model);
  expect(results.length).toBeGreaterThan(0);
  for (const [ours, theirs] of results) {
    expect(disagreement(numbers(ours), numbers(theirs), { rms })).toBeUndefined();
    // Weights keep activations of order one: neither gone nor grown out of the range of what is timed.
    const magnitude = Math.sqrt(numbers(ours).reduce((sum, x) => sum + x * x, 0) / ours.length);
    expect(magnitude).toBeGreaterThan(0.01);
    expect(magnitude).toBeLessThan(100);
  }
}

// Less than a second each where nothing else runs.
describe.each(models)("%s", { timeout: 30_000 }, (_, make, recipe) => {
  test("in float32", () => expectEqual(make(), 1e-4));

  test("with 8-bit codes", async () => {
    const model = make();
    const ranges = await calibrate(model, recipe);
    expect([...ranges.keys()]).toEqual(codedActivations(model, recipe));
    const quantized = quantizeQdq(model, recipe, ranges);
    expect(quantized.graph?.node.some(({ opType }) => opType === "QuantizeLinear")).toBe(true);
    // Sums in another order may end one code away here and there.
    await expectEqual(quantized, 0.05);
  });
});

test("with 4-bit weights in blocks", async () => {
  const quantized = quantizeNBits(bertBase(encoder));
  expect(quantized.graph?.node.some(({ opType }) => opType === "MatMulNBits")).toBe(true);
  // What is left are the two products of activations in each layer.
  expect(quantized.graph?.node.filter(({ opType }) => opType === "MatMul").length).toBe(2 * encoder.layers);
  await expectEqual(quantized, 1e-4);
});

test("codes are near the numbers that they stand for", async () => {
  const model = mobilenetV2(32, 0.25);
  const quantized = quantizeQdq(model, "image", await calibrate(model, "image"));
  const [[float = []] = []] = await bothResults(model);
  const [[codes = []] = []] = await bothResults(quantized);
  // Noise of 8 bits in some 50 layers; codes at random would be off by 1.4.
  expect(disagreement(numbers(float), numbers(codes), { rms: 0.5 })).toBeUndefined();
});

describe("multiply-adds", () => {
  test("of ResNet-18 are 1.8 billion, of MobileNetV2 0.30, of SqueezeNet 1.1 0.35", () => {
    // torchvision's documentation: 1.81, 0.30 and 0.35 GFLOPS, a multiply-add counted as one.
    const shape = { image: [1, 3, 224, 224] };
    expect((macsOf(resnet18(), shape) ?? 0) / 1e9).toBeCloseTo(1.81, 1);
    expect((macsOf(mobilenetV2(), shape) ?? 0) / 1e9).toBeCloseTo(0.3, 2);
    expect((macsOf(squeezenet(), shape) ?? 0) / 1e9).toBeCloseTo(0.35, 1);
  });

  test("are the same in all formats of a model", async () => {
    const { tokens, hidden, inner, layers } = encoder;
    const shape = { embeddings: [1, tokens, hidden] };
    const products = tokens * hidden * (4 * hidden + 2 * inner) * layers;
    const attention = 2 * tokens * tokens * hidden * layers;
    const model = bertBase(encoder);
    expect(macsOf(model, shape)).toBe(products + attention);
    expect(macsOf(quantizeNBits(model), shape)).toBe(products + attention);
    const ranges = await calibrate(model, "transformer");
    expect(macsOf(quantizeQdq(model, "transformer", ranges), shape)).toBe(products + attention);
  });
});
