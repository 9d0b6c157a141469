/** Losses against closed forms in float64, and their gradients against central differences. */
import { open } from "@bitbudget/backend-js";
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import {
  combine,
  crossEntropy,
  distill,
  type LossFunction,
  meanSquaredError,
  stepGraph,
  TrainingError,
} from "../../src/index.ts";
import { modelOf, numbers } from "../gradients/finite-differences.ts";

interface LossCase {
  readonly z: HostTensor<"float64">;
  readonly loss: LossFunction;
  readonly targets: Readonly<Record<string, HostTensor>>;
  /** The loss, from the logits. */
  readonly expected: (z: readonly number[]) => number;
}

const ints = (shape: readonly number[], values: readonly number[]) => tensor("int32", shape, values);
const floats = (shape: readonly number[], values: readonly number[]) =>
  tensor("float64", shape, Float64Array.from(values));

/** Rows of logits, as numbers around 0 of some size. */
const logits = (shape: readonly number[], size = 2) =>
  floats(
    shape,
    Array.from(numbers(shape).data, (x) => size * x),
  );

const softmax = (z: readonly number[]) => {
  const sum = z.reduce((all, x) => all + Math.exp(x), 0);
  return z.map((x) => Math.exp(x) / sum);
};
const rows = (z: readonly number[], length: number) =>
  Array.from({ length: z.length / length }, (_, i) => z.slice(i * length, (i + 1) * length));
const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
/** -sum q log p */
const entropy = (q: readonly number[], p: readonly number[]) =>
  -q.reduce((sum, each, i) => sum + (each === 0 ? 0 : each * Math.log(p[i]!)), 0);

const labels = [2, 0, 1];
const onLabels = (z: readonly number[]) =>
  mean(rows(z, 4).map((row, i) => -Math.log(softmax(row)[labels[i]!]!)));
const teacher = [0.5, -1, 2, 0, 1, 1, -2, 0.25, 3, 0, 0, -1];

const cases: Record<string, LossCase> = {
  "cross-entropy": {
    z: logits([3, 4]),
    loss: crossEntropy({ logits: "y" }),
    targets: { labels: ints([3], labels) },
    expected: onLabels,
  },
  "cross-entropy over axis 1": {
    z: logits([1, 3, 4]),
    loss: crossEntropy({ logits: "y", axis: 1 }),
    targets: { labels: ints([1, 4], [2, 0, 1, 1]) },
    expected: (z) =>
      mean([2, 0, 1, 1].map((label, i) => -Math.log(softmax([z[i]!, z[4 + i]!, z[8 + i]!])[label]!))),
  },
  "cross-entropy with smoothing": {
    z: logits([3, 4]),
    loss: crossEntropy({ logits: "y", smoothing: 0.2 }),
    targets: { labels: ints([3], labels) },
    expected: (z) =>
      mean(
        rows(z, 4).map((row, i) =>
          entropy(
            row.map((_, c) => 0.05 + (c === labels[i] ? 0.8 : 0)),
            softmax(row),
          ),
        ),
      ),
  },
  "cross-entropy with probabilities": {
    z: logits([2, 3]),
    loss: crossEntropy({ logits: "y", probabilities: "q" }),
    targets: { q: floats([2, 3], [0.2, 0.5, 0.3, 0, 1, 0]) },
    expected: (z) =>
      mean([entropy([0.2, 0.5, 0.3], softmax(z.slice(0, 3))), entropy([0, 1, 0], softmax(z.slice(3)))]),
  },
  "cross-entropy of a sequence with padding": {
    z: logits([2, 3, 2]),
    loss: crossEntropy({ logits: "y", ignore: -1 }),
    targets: { labels: ints([2, 3], [1, 0, -1, 1, -1, -1]) },
    expected: (z) =>
      mean([
        -Math.log(softmax(z.slice(0, 2))[1]!),
        -Math.log(softmax(z.slice(2, 4))[0]!),
        -Math.log(softmax(z.slice(6, 8))[1]!),
      ]),
  },
  "cross-entropy with a mask": {
    z: logits([3, 4]),
    loss: crossEntropy({ logits: "y", mask: "weights" }),
    targets: { labels: ints([3], labels), weights: floats([3], [2, 0, 0.5]) },
    expected: (z) => {
      const each = rows(z, 4).map((row, i) => -Math.log(softmax(row)[labels[i]!]!));
      return (2 * each[0]! + 0.5 * each[2]!) / 2.5;
    },
  },
  "cross-entropy with a mask and padding": {
    z: logits([3, 4]),
    loss: crossEntropy({ logits: "y", mask: "weights", ignore: 3 }),
    targets: { labels: ints([3], [2, 3, 1]), weights: floats([3], [2, 9, 1]) },
    expected: (z) => {
      const [first, , last] = rows(z, 4).map(softmax);
      return (-2 * Math.log(first![2]!) - Math.log(last![1]!)) / 3;
    },
  },
  "cross-entropy of nothing but padding is 0": {
    z: logits([2, 3]),
    loss: crossEntropy({ logits: "y", ignore: 0 }),
    targets: { labels: ints([2], [0, 0]) },
    expected: () => 0,
  },
  "cross-entropy of logits that exp would overflow on": {
    z: floats([1, 3], [900, 899, -900]),
    loss: crossEntropy({ logits: "y" }),
    targets: { labels: ints([1], [1]) },
    expected: ([a, b]) => Math.log(1 + Math.exp(b! - a!)) + a! - b!,
  },
  "mean squared error": {
    z: logits([2, 3]),
    loss: meanSquaredError({ output: "y" }),
    targets: { target: floats([2, 3], [1, 2, 3, 4, 5, 6]) },
    expected: (z) => mean(z.map((x, i) => (x - i - 1) ** 2)),
  },
  distillation: {
    z: logits([3, 4]),
    loss: distill({ logits: "y" }),
    targets: { teacher: floats([3, 4], teacher) },
    expected: (z) => divergence(z, teacher, 1),
  },
  "distillation at a temperature": {
    z: logits([3, 4]),
    loss: distill({ logits: "y", temperature: 4, teacher: "float" }),
    targets: { float: floats([3, 4], teacher) },
    expected: (z) => 16 * divergence(z, teacher, 4),
  },
  "a teacher and labels": {
    z: logits([3, 4]),
    loss: combine([
      { loss: distill({ logits: "y", temperature: 2 }), weight: 0.7 },
      { loss: crossEntropy({ logits: "y" }), weight: 0.3 },
    ]),
    targets: { teacher: floats([3, 4], teacher), labels: ints([3], labels) },
    expected: (z) => 0.7 * 4 * divergence(z, teacher, 2) + 0.3 * onLabels(z),
  },
};

/** The mean of KL(softmax(t / T) || softmax(z / T)) over rows of 4. */
function divergence(z: readonly number[], t: readonly number[], temperature: number): number {
  const soft = (x: readonly number[]) =>
    rows(x, 4).map((row) => softmax(row.map((each) => each / temperature)));
  const [student, given] = [soft(z), soft(t)];
  return mean(given.map((q, i) => entropy(q, student[i]!) - entropy(q, q)));
}

describe("losses", () => {
  for (const [name, { z, loss, targets, expected }] of Object.entries(cases))
    test(name, async () => {
      const model = modelOf({ nodes: [makeNode("Identity", ["z"], ["y"])], variables: { z } });
      const graph = stepGraph(model, { shapes: {}, parameters: ["z"], loss });
      await using backend = await open();
      await using session = await createSession(graph.model, { backend });
      const results = await session.run({ z, ...targets });
      const at = Array.from(valuesOf(z));
      expect(valuesOf(results[graph.loss]!)[0]).toBeCloseTo(expected(at), 10);
      const gradient = valuesOf(results[graph.gradients.get("z")!]!);
      for (let i = 0; i < at.length; i++) {
        const h = 1e-5;
        const slope = (expected(at.with(i, at[i]! + h)) - expected(at.with(i, at[i]! - h))) / (2 * h);
        expect(gradient[i], `d loss / d z[${i}]`).toBeCloseTo(slope, 8);
      }
    });
});

describe("what losses refuse", () => {
  test("settings out of their range", () => {
    expect(() => crossEntropy({ logits: "y", smoothing: 1 })).toThrow(TrainingError);
    expect(() => crossEntropy({ logits: "y", smoothing: Number.NaN })).toThrow(TrainingError);
    expect(() => crossEntropy({ logits: "y", labels: "a", probabilities: "b" })).toThrow(/not both/);
    expect(() => crossEntropy({ logits: "y", probabilities: "b", ignore: 0 })).toThrow(/mask/);
    expect(() => distill({ logits: "y", temperature: 0 })).toThrow(/temperature/);
    expect(() => combine([])).toThrow(TrainingError);
    expect(() => combine([{ loss: () => expect.fail(), weight: Number.NaN }])).toThrow(/finite/);
  });

  test("names that the model has, and those that it does not have", () => {
    const z = logits([2, 3]);
    const model = modelOf({ nodes: [makeNode("Identity", ["z"], ["y"])], variables: { z } });
    const graph = (loss: LossFunction) => stepGraph(model, { shapes: {}, parameters: ["z"], loss });
    expect(() => graph(crossEntropy({ logits: "y", labels: "z" }))).toThrow(/another name/);
    expect(() => graph(crossEntropy({ logits: "nothing" }))).toThrow(/"nothing".*outputs are y/);
    const both = combine([
      { loss: crossEntropy({ logits: "y", labels: "t" }), weight: 1 },
      { loss: meanSquaredError({ output: "y", target: "t" }), weight: 1 },
    ]);
    expect(() => graph(both)).toThrow(/"t" cannot be int32 \[2\] for one loss and float64 \[2,3\]/);
  });
});
