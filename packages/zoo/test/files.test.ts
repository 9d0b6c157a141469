/** The committed files, loaded as a user would, in Node and in browsers. */
import { open } from "@bitbudget/backend-wasm";
import { checkModel, Graph, type ModelProto, tensorValue, toTensorProto } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test, vi } from "vitest";
import {
  languageRecipe,
  loadLanguageTest,
  loadLanguageTransformer,
  loadShapesCnn,
  loadShapesTest,
  scoreLanguage,
  scoreShapes,
  shapeImages,
  shapesRecipe,
  textSamples,
} from "../src/index.ts";

vi.setConfig({ testTimeout: 60_000 });

const metadata = (model: ModelProto) => new Map(model.metadataProps.map(({ key, value }) => [key, value]));

describe("test sets", () => {
  test("hold the images that the generator draws", async () => {
    const { pixels, labels } = await loadShapesTest();
    const drawn = shapeImages({ split: "test", count: 1000 });
    expect(labels).toEqual(drawn.labels);
    // As buffers: the comparison of typed arrays goes element by element.
    expect(pixels.every((code, i) => code === drawn.pixels[i])).toBe(true);
    expect(pixels.length).toBe(drawn.pixels.length);
  });

  test("hold the text that the generator writes", async () => {
    const written = textSamples({ split: "test", count: 1000 });
    expect(await loadLanguageTest()).toEqual(written.map(({ text, predictable }) => ({ text, predictable })));
  });
});

/** Rounds each filter to signed codes around 0, without any repair. */
function roundFilters(model: ModelProto, bits: number): void {
  const { initializers } = Graph.of(model);
  for (const proto of [...initializers]) {
    if (!proto.name.endsWith(".weight")) continue;
    const { shape, data } = tensorValue(proto);
    const size = data.length / (shape[0] as number);
    const rounded = Float32Array.from(data as Float32Array);
    const [low, high] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
    for (let start = 0; start < rounded.length; start += size) {
      const filter = rounded.subarray(start, start + size);
      const scale = filter.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / (high + 0.5);
      filter.forEach((x, i) => {
        filter[i] = Math.max(low, Math.min(high, Math.round(x / scale))) * scale;
      });
    }
    initializers.set(toTensorProto({ dtype: "float32", shape, data: rounded }, proto.name));
  }
}

// A prediction or two may differ with the order of sums.
const close = 0.003;

describe("the CNN", () => {
  test("is as accurate on the test set as it says, 90 to 97%", async () => {
    const model = await loadShapesCnn();
    checkModel(model);
    await using backend = await open({ threads: 1 });
    await using session = await createSession(model, { backend, onUnsupported: "error" });
    const { accuracy } = await scoreShapes(session, await loadShapesTest());
    expect(Math.abs(accuracy - Number(metadata(model).get("test.accuracy")))).toBeLessThan(close);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(accuracy).toBeLessThan(0.97);
  });

  test("bears weights of 8 bits as they come, and not those of 2 bits", async () => {
    await using backend = await open({ threads: 1 });
    const accuracies: number[] = [];
    for (const bits of [8, 2]) {
      const model = await loadShapesCnn();
      roundFilters(model, bits);
      await using session = await createSession(model, { backend });
      accuracies.push((await scoreShapes(session, await loadShapesTest())).accuracy);
    }
    const float = Number(metadata(await loadShapesCnn()).get("test.accuracy"));
    expect(Math.abs((accuracies[0] as number) - float)).toBeLessThan(0.005);
    expect(accuracies[1]).toBeLessThan(0.3);
  });

  test("was trained by its recipe", async () => {
    const notes = metadata(await loadShapesCnn());
    expect([notes.get("training.seed"), notes.get("training.steps")]).toEqual([
      "0",
      String(shapesRecipe.steps),
    ]);
  });
});

describe("the transformer", () => {
  test("is as accurate on the test set as it says, and not far from the entropy of the language", async () => {
    const model = await loadLanguageTransformer();
    checkModel(model);
    await using backend = await open({ threads: 1 });
    await using session = await createSession(model, { backend, onUnsupported: "error" });
    const { accuracy, nats } = await scoreLanguage(session, await loadLanguageTest());
    expect(Math.abs(accuracy - Number(metadata(model).get("test.accuracy")))).toBeLessThan(close);
    expect(nats).toBeCloseTo(Number(metadata(model).get("test.nats")), 3);
    expect(accuracy).toBeGreaterThan(0.95);
    const chances = textSamples({ split: "test", count: 1000 }).flatMap(({ probabilities }) =>
      probabilities.slice(1),
    );
    const entropy = chances.reduce((sum, probability) => sum - Math.log(probability), 0) / chances.length;
    expect(nats).toBeGreaterThan(entropy);
    expect(nats).toBeLessThan(1.15 * entropy);
  });

  test("knows more than pairs of letters", async () => {
    const samples = await loadLanguageTest();
    // The best guess from the letter before, counted on the test set itself.
    const counts = new Map<string, Map<string, number>>();
    for (const { text } of samples)
      for (let i = 1; i < text.length; i++) {
        const after = counts.get(text[i - 1] as string) ?? new Map<string, number>();
        after.set(text[i] as string, (after.get(text[i] as string) ?? 0) + 1);
        counts.set(text[i - 1] as string, after);
      }
    const guess = (before: string) =>
      [...(counts.get(before) ?? [])].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
    let [right, all] = [0, 0];
    for (const { text, predictable } of samples)
      for (let i = 1; i < text.length; i++) {
        if (!predictable[i]) continue;
        all++;
        right += Number(guess(text[i - 1] as string) === text[i]);
      }
    const accuracy = Number(metadata(await loadLanguageTransformer()).get("test.accuracy"));
    expect(accuracy - right / all).toBeGreaterThan(0.3);
  });

  test("was trained by its recipe", async () => {
    const notes = metadata(await loadLanguageTransformer());
    expect([notes.get("training.seed"), notes.get("training.steps")]).toEqual([
      "0",
      String(languageRecipe.steps),
    ]);
  });
});
