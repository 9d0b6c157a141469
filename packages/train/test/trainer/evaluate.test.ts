/** Metrics on cases worked by hand, and evaluation of a model in batches. */
import { type HostTensor, tensor } from "@bitbudget/core";
import { writeModel } from "@bitbudget/onnx";
import { createSession, FeedError } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import {
  accuracy,
  agreement,
  type Batch,
  createTrainer,
  crossEntropy,
  distill,
  evaluate,
  type Metric,
  meanCrossEntropy,
  meanDivergence,
  meanSquare,
  miniBatches,
  sgd,
  taughtBy,
} from "../../src/index.ts";
import { backends } from "../backends.ts";
import { mlp, moons } from "../models.ts";

function measure(metric: Metric, logits: HostTensor, targets: Batch["targets"]): number {
  const measurement = metric.start();
  measurement.add({ logits }, { feeds: {}, targets });
  return measurement.result();
}

const floats = (shape: readonly number[], values: readonly number[]) =>
  tensor("float32", shape, Float32Array.from(values));
const ints = (shape: readonly number[], values: readonly number[]) => tensor("int32", shape, values);

describe("accuracy", () => {
  const logits = floats([4, 3], [1, 2, 3, 3, 2, 1, 0, 5, 4, 7, 7, 7]);

  test("the label is the largest, or among the largest", () => {
    const labels = ints([4], [2, 1, 2, 1]);
    // Ranks of the labels: 1, 2, 2, and 2 of three that are equal.
    expect(measure(accuracy({ logits: "logits" }), logits, { labels })).toBe(0.25);
    expect(measure(accuracy({ logits: "logits", top: 2 }), logits, { labels })).toBe(1);
  });

  test("of equal logits the first class is the largest", () => {
    expect(measure(accuracy({ logits: "logits" }), logits, { labels: ints([4], [2, 0, 1, 0]) })).toBe(1);
  });

  test("NaN is right for nothing", () => {
    const bad = floats([2, 2], [Number.NaN, 0, Number.NaN, Number.NaN]);
    expect(measure(accuracy({ logits: "logits" }), bad, { labels: ints([2], [0, 0]) })).toBe(0);
    expect(measure(accuracy({ logits: "logits" }), bad, { labels: ints([2], [1, 1]) })).toBe(0);
  });

  test("of next tokens, without padding", () => {
    const sequences = floats([2, 2, 2], [1, 0, 0, 1, 1, 0, 0, 1]);
    const next = ints([2, 2], [0, 0, -1, 1]);
    const metric = accuracy({ logits: "logits", labels: "next", ignore: -1 });
    expect(measure(metric, sequences, { next })).toBeCloseTo(2 / 3, 12);
  });

  test("over axis 1", () => {
    const maps = floats([1, 2, 3], [1, 0, 5, 0, 1, 4]);
    expect(
      measure(accuracy({ logits: "logits", axis: 1 }), maps, { labels: ints([1, 3], [0, 1, 1]) }),
    ).toBeCloseTo(2 / 3, 12);
  });

  test("labels that do not fit", () => {
    const metric = accuracy({ logits: "logits" });
    expect(() => measure(metric, logits, {})).toThrow(FeedError);
    expect(() => measure(metric, logits, { labels: ints([3], [0, 0, 0]) })).toThrow(/"labels".*\[3\].*\[4\]/);
    expect(() => measure(metric, logits, { labels: ints([4], [0, 0, 0, 3]) })).toThrow(/label 3.*3 classes/);
  });
});

test("the mean of cross-entropy does not overflow", () => {
  const logits = floats([2, 2], [1000, 999, 0, 0]);
  const found = measure(meanCrossEntropy({ logits: "logits" }), logits, { labels: ints([2], [1, 0]) });
  expect(found).toBeCloseTo((Math.log(1 + Math.exp(-1)) + 1 + Math.log(2)) / 2, 12);
});

test("the mean square", () => {
  const found = measure(meanSquare({ output: "logits" }), floats([2], [1, 2]), {
    target: floats([2], [3, 5]),
  });
  expect(found).toBe(6.5);
});

describe("against a teacher", () => {
  const logits = floats([3, 2], [1, 2, 5, 5, Number.NaN, 0]);
  const teacher = floats([3, 2], [-3, 0, 1, 0, Number.NaN, 0]);

  test("agreement is of the largest logits; NaN agrees with nothing", () => {
    expect(measure(agreement({ logits: "logits" }), logits, { teacher })).toBeCloseTo(2 / 3, 12);
    expect(() => measure(agreement({ logits: "logits" }), logits, { teacher: floats([2], [0, 0]) })).toThrow(
      /"teacher".*\[2\].*\[3, 2\]/,
    );
  });

  test("divergence is that of probabilities", () => {
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const kl = (z: number, t: number) =>
      sigmoid(t) * Math.log(sigmoid(t) / sigmoid(z)) + sigmoid(-t) * Math.log(sigmoid(-t) / sigmoid(-z));
    const [z, t] = [floats([2, 2], [1, 2, 800, -800]), floats([2, 2], [-3, 0, 800, -800])];
    expect(measure(meanDivergence({ logits: "logits" }), z, { teacher: t })).toBeCloseTo(kl(1, 3) / 2, 6);
    const soft = meanDivergence({ logits: "logits", temperature: 2 });
    expect(measure(soft, z, { teacher: t })).toBeCloseTo(kl(0.5, 1.5) / 2, 6);
  });
});

describe("evaluation", () => {
  test("batches of any size count by their samples, and what lies between is captured", async () => {
    await using backend = await backends["backend-js"]!();
    const data = moons(50, 1);
    const metrics = {
      right: accuracy({ logits: "logits" }),
      loss: meanCrossEntropy({ logits: "logits" }),
      hidden: accuracy({ logits: "hidden0", top: 4 }),
    };
    const results = await Promise.all(
      [50, 16, 1].map((size) =>
        evaluate(mlp([2, 4, 2]), {
          backend,
          batches: miniBatches(data, { size, partial: "keep" }),
          metrics,
        }),
      ),
    );
    for (const { right, loss, hidden } of results) {
      expect(right).toBeCloseTo(results[0]!.right, 12);
      expect(loss).toBeCloseTo(results[0]!.loss, 6);
      expect(hidden).toBe(1);
    }
    await expect(evaluate(mlp([2, 4, 2]), { backend, batches: [], metrics })).rejects.toThrow(/no batches/);
  });

  test("of a trainer is of its model as it is now, and its loss is the mean loss", async () => {
    await using backend = await backends["backend-js"]!();
    await using trainer = await createTrainer(mlp([2, 4, 2]), {
      backend,
      loss: crossEntropy({ logits: "logits" }),
      optimizer: sgd({ learningRate: 0.1 }),
    });
    const batch = moons(20, 1);
    await trainer.step(batch);
    const before = await trainer.evaluate([batch], meanCrossEntropy({ logits: "logits" }));
    const { loss } = await trainer.step(batch);
    expect(before).toBeCloseTo(loss, 5);
    const model = trainer.model();
    const { after } = await trainer.evaluate([batch], { after: meanCrossEntropy({ logits: "logits" }) });
    expect(after).toBeLessThan(before);
    await trainer.step(batch);
    // The model that was taken before is a copy.
    expect(writeModel(model)).not.toEqual(writeModel(trainer.model()));
    const again = await evaluate(model, {
      backend,
      batches: [batch],
      metrics: { after: meanCrossEntropy({ logits: "logits" }) },
    });
    expect(again.after).toBe(after);
  });
});

test("a student of its teacher learns to give the same, without labels", async () => {
  await using backend = await backends["backend-wasm with 2 threads"]!();
  await using teacher = await createSession(mlp([2, 8, 2], 7), { backend });
  const batches = miniBatches(moons(64, 1), { size: 32, prepare: taughtBy(teacher, { teacher: "logits" }) });
  await using trainer = await createTrainer(mlp([2, 8, 2], 2), {
    backend,
    loss: distill({ logits: "logits", temperature: 2 }),
    optimizer: sgd({ learningRate: 0.3, momentum: 0.9 }),
  });
  const losses: number[] = [];
  for await (const { loss } of trainer.fit(batches, { steps: 150 })) losses.push(loss);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 30);
  expect(await trainer.evaluate(batches, agreement({ logits: "logits" }))).toBeGreaterThan(0.95);
});
