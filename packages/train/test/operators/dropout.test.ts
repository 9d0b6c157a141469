/** Dropout in training steps. */
import { open } from "@bitbudget/backend-js";
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import { type DropoutMask, dropoutMask, type StepGraph, stepGraph } from "../../src/index.ts";
import { modelOf, numbers } from "../gradients/finite-differences.ts";
import { checkAgainstRuntime } from "./against-runtime.ts";

const x = numbers([4, 6]);
const ratio = tensor("float64", [], [0.25]);

/** y = x * x after dropout, and whether each element was kept. */
function squared(trains: boolean): StepGraph {
  const model = modelOf({
    nodes: [
      makeNode("Dropout", ["x", "ratio", "trains"], ["dropped", "kept"]),
      makeNode("Mul", ["dropped", "dropped"], ["y"]),
    ],
    variables: { x },
    constants: { ratio, trains: tensor("bool", [], [Number(trains)]) },
  });
  return stepGraph(model, {
    shapes: {},
    parameters: ["x"],
    outputs: ["dropped", "kept"],
    loss: ({ ops, value }) => ops.sum(value("y"), [0, 1]),
  });
}

async function run({ model }: StepGraph, feeds: Record<string, HostTensor>) {
  await using backend = await open();
  await using session = await createSession(model, { backend });
  const results = await session.run({ x, ...feeds });
  return (name: string | undefined) => [...valuesOf(results[name ?? ""]!)].map(Number);
}

describe("Dropout", () => {
  test("does nothing in inference mode", async () => {
    const inputs = { x };
    await checkAgainstRuntime({ node: makeNode("Dropout", ["x"], ["y", "mask"]), inputs });
    const step = squared(false);
    expect(step.masks).toEqual([]);
    const result = await run(step, {});
    expect(result(step.outputs.get("dropped"))).toEqual([...x.data]);
    expect(result(step.gradients.get("x"))).toEqual(Array.from(x.data, (value) => 2 * value));
  });

  test("multiplies by what it is fed in training mode, and its gradient does", async () => {
    const step = squared(true);
    const [mask] = step.masks;
    expect(mask).toMatchObject({ dtype: "float64", shape: [4, 6], ratio: 0.25 });
    const fed = dropoutMask(mask!, 3, 1);
    const result = await run(step, { [mask!.name]: fed });
    const factors = valuesOf(fed);
    expect(new Set(factors)).toEqual(new Set([0, 4 / 3]));
    expect(result(step.outputs.get("dropped"))).toEqual(
      Array.from(x.data, (value, i) => value * factors[i]!),
    );
    expect(result(step.outputs.get("kept"))).toEqual(Array.from(factors, (factor) => Number(factor > 0)));
    for (const [i, slope] of result(step.gradients.get("x")).entries())
      expect(slope).toBeCloseTo(2 * x.data[i]! * factors[i]! ** 2, 12);
  });
});

describe("masks", () => {
  const mask: DropoutMask = { name: "mask", dtype: "float32", shape: [40, 50], ratio: 0.3 };

  test("have zeros in their ratio and keep the mean", () => {
    const drawn = valuesOf(dropoutMask(mask, 1, 0));
    const kept = drawn.filter((factor) => factor !== 0);
    // Of 2000 draws the share of zeros has the standard deviation 0.01: four of them.
    expect(Math.abs(1 - kept.length / drawn.length - 0.3)).toBeLessThan(0.041);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.7)]));
  });

  test("follow from seed, step and name", () => {
    const drawn = (seed: number, step: number, name = "mask") =>
      valuesOf(dropoutMask({ ...mask, name }, seed, step)).join();
    expect(drawn(1, 2)).toBe(drawn(1, 2));
    expect(new Set([drawn(1, 2), drawn(2, 1), drawn(1, 3), drawn(2, 2), drawn(1, 2, "other")]).size).toBe(5);
  });
});
