/** BatchNormalization in training steps: against the operator, against central differences, and by hand. */
import { tensor, valuesOf } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import { NoGradientError, stepGraph } from "../../src/index.ts";
import { checkGradients, modelOf, numbers } from "../gradients/finite-differences.ts";
import { checkAgainstRuntime, trainingOutputs } from "./against-runtime.ts";

const shapes: readonly (readonly number[])[] = [
  [4, 3, 2, 5],
  [2, 3],
  [3, 2, 4],
  [2, 2, 2, 1, 3],
  [1, 2, 3, 3],
];

const inputsOf = (shape: readonly number[]) => {
  const channels = [shape[1] ?? 1];
  const variance = Float64Array.from(numbers(channels, 5).data, (x) => 0.5 + Math.abs(x));
  return {
    x: numbers(shape, 1),
    scale: numbers(channels, 2),
    bias: numbers(channels, 3),
    mean: numbers(channels, 4),
    variance: tensor("float64", channels, variance),
  };
};
const names = ["x", "scale", "bias", "mean", "variance"];

const node = (attributes: { epsilon?: number; momentum?: number; training_mode?: bigint }, outputs = ["y"]) =>
  makeNode("BatchNormalization", names, outputs, { name: "norm", attributes });

describe("BatchNormalization", () => {
  for (const shape of shapes) {
    const inputs = inputsOf(shape);
    const { mean, variance, ...variables } = inputs;
    test(`with statistics of the batch is the operator in training mode [${shape}]`, async () => {
      const outputs = ["y", "newMean", "newVariance"];
      const training = { training_mode: 1n, momentum: 0.7, epsilon: 1e-3 };
      await checkAgainstRuntime({ node: node(training, outputs), inputs });
    });
    test(`frozen is the operator of inference [${shape}]`, () =>
      checkAgainstRuntime({ node: node({ epsilon: 1e-2 }), inputs, statistics: "frozen" }));
    test(`gradients with statistics of the batch [${shape}]`, () =>
      checkGradients({ nodes: [node({ epsilon: 1e-2 })], variables, states: { mean, variance } }));
    test(`gradients with frozen statistics [${shape}]`, () =>
      checkGradients({
        nodes: [node({})],
        variables,
        constants: { mean, variance },
        statistics: "frozen",
      }));
  }

  test("gradients of what is after and before it", () => {
    const { mean, variance, ...variables } = inputsOf([2, 3, 4]);
    return checkGradients({
      nodes: [
        makeNode("Exp", ["x"], ["e"]),
        makeNode("BatchNormalization", ["e", "scale", "bias", "mean", "variance"], ["n"]),
        makeNode("Relu", ["n"], ["r"]),
        makeNode("Mul", ["r", "e"], ["y"]),
      ],
      variables,
      states: { mean, variance },
    });
  });

  test("updates the running statistics with those of the population", async () => {
    // Of the channel's 1, 2, 3, 6: mean 3, squares about it 4 + 1 + 0 + 9, variance 14 / 4.
    const one = (x: number) => tensor("float64", [1], [x]);
    const inputs = {
      x: tensor("float64", [2, 1, 2], [1, 2, 3, 6]),
      ...{ scale: one(1), bias: one(0), mean: one(10), variance: one(1) },
    };
    const found = await trainingOutputs({
      node: node({ training_mode: 1n, momentum: 0.9 }, ["y", "m", "v"]),
      inputs,
    });
    expect(valuesOf(found.m!)[0]).toBeCloseTo(0.9 * 10 + 0.1 * 3, 12);
    expect(valuesOf(found.v!)[0]).toBeCloseTo(0.9 * 1 + 0.1 * 3.5, 12);
  });

  test("finds the running statistics to update, and leaves frozen ones alone", () => {
    const { mean, variance, ...variables } = inputsOf([2, 3]);
    const model = modelOf({ nodes: [node({})], variables, states: { mean, variance } });
    const options = {
      shapes: {},
      parameters: ["scale"],
      loss: ({ ops, value }: Parameters<Parameters<typeof stepGraph>[1]["loss"]>[0]) =>
        ops.mean(value("y"), [0, 1]),
    };
    expect([...stepGraph(model, options).updates.keys()]).toEqual(["mean", "variance"]);
    const frozen = stepGraph(model, {
      ...options,
      statistics: (name) => (name === "norm" ? "frozen" : "batch"),
    });
    expect(frozen.updates.size).toBe(0);
    expect(frozen.model.graph?.input.map(({ name }) => name)).toEqual(["scale"]);
  });

  test("says why computed statistics cannot be updated", () => {
    const { mean, variance, ...variables } = inputsOf([2, 3]);
    const model = modelOf({
      nodes: [
        makeNode("Exp", ["mean"], ["computed"]),
        makeNode("BatchNormalization", ["x", "scale", "bias", "computed", "variance"], ["y"], {
          name: "norm",
        }),
      ],
      variables,
      constants: { mean, variance },
    });
    const make = () =>
      stepGraph(model, {
        shapes: {},
        parameters: ["scale"],
        loss: ({ ops, value }) => ops.mean(value("y"), [0, 1]),
      });
    expect(make).toThrow(NoGradientError);
    expect(make).toThrow(/"norm" \(BatchNormalization\).*freeze them/);
  });
});
