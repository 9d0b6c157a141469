import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphParts } from "../support/models.ts";
import { sameBothWays } from "../support/optimized.ts";
import { randomFloats } from "../support/random.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

const feeds = { x: randomFloats([1, 2, 4, 4], 1) };

/** A convolution to 3 channels, and a normalization of those. */
function model(more: Partial<GraphParts> = {}, bias = "b", training: readonly string[] = []): GraphParts {
  const conv = { name: "conv", attributes: { pads: [1n, 1n, 1n, 1n], strides: [2n, 2n] } };
  return {
    inputs: { x: ["float32", [1, 2, 4, 4]] },
    outputs: { y: ["float32", [1, 3, 2, 2]] },
    constants: {
      w: randomFloats([3, 2, 3, 3], 2),
      b: randomFloats([3], 3),
      scale: randomFloats([3], 4),
      shift: randomFloats([3], 5),
      mean: randomFloats([3], 6),
      variance: tensor("float32", [3], [0.1, 1, 4]),
    },
    nodes: [
      makeNode("Conv", bias === "" ? ["x", "w"] : ["x", "w", bias], ["c"], conv),
      makeNode("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["y", ...training], {
        name: "norm",
        attributes: { epsilon: 0.01, ...(training.length > 0 && { training_mode: 1n }) },
      }),
    ],
    ...more,
  };
}

describe("a normalization after a convolution", () => {
  test.each(["b", ""])("becomes part of its weights (bias %j)", async (bias) => {
    const { operators } = await sameBothWays(model({}, bias), { backend, feeds });
    expect(operators).toEqual(["Conv"]);
  });

  test("does at opset 9 as well", async () => {
    const { operators } = await sameBothWays(model(), { backend, feeds, opset: 9 });
    expect(operators).toEqual(["Conv"]);
  });

  test("has one bias for each channel in a group, too", async () => {
    const parts = model({
      constants: { ...model().constants, w: randomFloats([2, 1, 3, 3], 2), ...twoChannels() },
      outputs: { y: ["float32", [1, 2, 2, 2]] },
    });
    const [conv, norm] = parts.nodes;
    const grouped = makeNode("Conv", conv?.input ?? [], ["c"], {
      attributes: { group: 2n, pads: [1n, 1n, 1n, 1n], strides: [2n, 2n] },
    });
    const both = await sameBothWays(
      { ...parts, nodes: [grouped, ...(norm ? [norm] : [])] },
      { backend, feeds },
    );
    expect(both.operators).toEqual(["Conv"]);
  });

  test("stays where the convolution's result is seen: captured, an output, used twice", async () => {
    const captured = await sameBothWays(model(), { backend, feeds, capture: ["c"] });
    expect(captured.operators).toContain("BatchNormalization");
    const output = model({ outputs: { y: ["float32", [1, 3, 2, 2]], c: ["float32", [1, 3, 2, 2]] } });
    expect((await sameBothWays(output, { backend, feeds })).operators).toContain("BatchNormalization");
    const { nodes } = model();
    const twice = model({
      outputs: { y: ["float32", [1, 3, 2, 2]], z: ["float32", [1, 3, 2, 2]] },
      nodes: [...nodes, makeNode("Neg", ["c"], ["z"])],
    });
    expect((await sameBothWays(twice, { backend, feeds })).operators).toContain("BatchNormalization");
  });

  test("stays where a parameter is fed", async () => {
    const { mean, ...constants } = model().constants ?? {};
    const parts = model({
      inputs: { x: ["float32", [1, 2, 4, 4]], mean: ["float32", [3]] },
      constants,
    });
    const fed = { ...feeds, mean: mean ?? randomFloats([3], 6) };
    expect((await sameBothWays(parts, { backend, feeds: fed })).operators).toContain("BatchNormalization");
  });

  test("stays while it is trained", async () => {
    const outputs = {
      y: ["float32", [1, 3, 2, 2]],
      m: ["float32", [3]],
      v: ["float32", [3]],
    } as const;
    const { plain, optimized } = await sameBothWays(model({ outputs }, "b", ["m", "v"]), { backend, feeds });
    expect(optimized.m).toEqual(plain.m);
  });
});

/** Parameters of a normalization of 2 channels, and a bias. */
function twoChannels(): NonNullable<GraphParts["constants"]> {
  const names = ["b", "scale", "shift", "mean"];
  const random = names.map((name, i) => [name, randomFloats([2], 10 + i)] as const);
  return { ...Object.fromEntries(random), variance: tensor("float32", [2], [0.5, 2]) };
}
