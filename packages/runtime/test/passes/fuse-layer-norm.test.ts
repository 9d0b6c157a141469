import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import { makeNode, type NodeProto } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphParts } from "../support/models.ts";
import { sameBothWays } from "../support/optimized.ts";
import { randomFloats } from "../support/random.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

const feeds = { x: randomFloats([2, 3, 8], 1, 3) };
const lastAxis = { attributes: { axes: [-1n] } };

function model(
  replaced: Readonly<Record<string, NodeProto>> = {},
  more: Partial<GraphParts> = {},
): GraphParts {
  const nodes: Record<string, NodeProto> = {
    mean: makeNode("ReduceMean", ["x"], ["mean"], lastAxis),
    difference: makeNode("Sub", ["x", "mean"], ["d"]),
    square: makeNode("Pow", ["d", "two"], ["d2"]),
    variance: makeNode("ReduceMean", ["d2"], ["variance"], lastAxis),
    shifted: makeNode("Add", ["variance", "epsilon"], ["shifted"]),
    root: makeNode("Sqrt", ["shifted"], ["root"]),
    quotient: makeNode("Div", ["d", "root"], ["q"], { name: "norm" }),
    scaled: makeNode("Mul", ["q", "scale"], ["scaled"]),
    moved: makeNode("Add", ["scaled", "bias"], ["y"]),
    ...replaced,
  };
  return {
    inputs: { x: ["float32", [2, 3, 8]] },
    outputs: { y: ["float32", [2, 3, 8]] },
    constants: {
      two: tensor("float32", [], [2]),
      epsilon: tensor("float32", [], [0.01]),
      axes: tensor("int64", [1], [-1]),
      scale: randomFloats([8], 2),
      bias: randomFloats([8], 3),
    },
    nodes: Object.values(nodes),
    ...more,
  };
}

const run = () => ({ backend, feeds, opset: 17 });

describe("a layer normalization that is spelled out", () => {
  test("becomes one kernel", async () => {
    expect((await sameBothWays(model(), run())).operators).toEqual(["LayerNormalization"]);
  });

  test("names its axes in an input from opset 18 on", async () => {
    const replaced = {
      mean: makeNode("ReduceMean", ["x", "axes"], ["mean"]),
      variance: makeNode("ReduceMean", ["d2", "axes"], ["variance"]),
    };
    const { operators } = await sameBothWays(model(replaced), { ...run(), opset: 18 });
    expect(operators).toEqual(["LayerNormalization"]);
  });

  test("may square by Mul, have its constants first, and no bias", async () => {
    const replaced = {
      square: makeNode("Mul", ["d", "d"], ["d2"]),
      shifted: makeNode("Add", ["epsilon", "variance"], ["shifted"]),
      scaled: makeNode("Mul", ["scale", "q"], ["scaled"]),
      moved: makeNode("Relu", ["scaled"], ["y"]),
    };
    expect((await sameBothWays(model(replaced), run())).operators).toEqual(["LayerNormalization", "Relu"]);
  });

  test("leaves the difference to others who use it", async () => {
    const outputs = { y: ["float32", [2, 3, 8]], d: ["float32", [2, 3, 8]] } as const;
    const { operators } = await sameBothWays(model({}, { outputs }), run());
    expect(operators).toEqual(expect.arrayContaining(["LayerNormalization", "Sub"]));
  });
});

describe("the steps stay", () => {
  test("where the quotient is captured", async () => {
    expect((await sameBothWays(model(), { ...run(), capture: ["q"] })).operators).toContain("Div");
  });

  test("in part, where the scaled quotient is captured", async () => {
    const { operators } = await sameBothWays(model(), { ...run(), capture: ["scaled"] });
    expect(operators).toEqual(["LayerNormalization", "Add"]);
  });

  test.each([
    ["another axis", { attributes: { axes: [1n] } }],
    ["two axes", { attributes: { axes: [-1n, -2n] } }],
  ])("where means are over %s", async (_, attributes) => {
    const replaced = {
      mean: makeNode("ReduceMean", ["x"], ["mean"], attributes),
      variance: makeNode("ReduceMean", ["d2"], ["variance"], attributes),
    };
    expect((await sameBothWays(model(replaced), run())).operators).toContain("Div");
  });

  test("where a mean loses its axis, and broadcasts along another", async () => {
    const square = { x: randomFloats([8, 8], 1, 3) };
    const inputs = { x: ["float32", [8, 8]] } as const;
    const flat = { attributes: { axes: [-1n], keepdims: 0n } };
    const replaced = {
      mean: makeNode("ReduceMean", ["x"], ["mean"], flat),
      variance: makeNode("ReduceMean", ["d2"], ["variance"], flat),
    };
    const parts = model(replaced, { inputs, outputs: { y: ["float32", [8, 8]] } });
    expect((await sameBothWays(parts, { ...run(), feeds: square })).operators).toContain("Div");
  });

  test.each([
    ["the power is 3", { two: tensor("float32", [], [3]) }],
    ["epsilon is a row", { epsilon: randomFloats([8], 5, 0.001) }],
    ["the scale is a matrix", { scale: randomFloats([3, 8], 2) }],
  ])("where %s", async (_, constants) => {
    const parts = model({}, { constants: { ...model().constants, ...constants } });
    // An odd power has negative means, of which there is no root: x and its moments are positive here.
    const positive = {
      x: tensor(
        "float32",
        [2, 3, 8],
        feeds.x.data.map((_, i) => (i % 8) ** 3),
      ),
    };
    expect((await sameBothWays(parts, { ...run(), feeds: positive })).operators).toContain("Div");
  });

  test("where the mean is that of another value", async () => {
    const replaced = {
      mean: makeNode("ReduceMean", ["z"], ["mean"], lastAxis),
      first: makeNode("Neg", ["x"], ["z"]),
    };
    // What is left is the root-mean-square normalization of the difference.
    const { operators } = await sameBothWays(model(replaced), run());
    expect(operators).toEqual(expect.arrayContaining(["Sub", "RMSNormalization"]));
  });

  test("where the scale is fed", async () => {
    const { scale = feeds.x, ...constants } = model().constants ?? {};
    const inputs = { x: ["float32", [2, 3, 8]], scale: ["float32", [8]] } as const;
    const parts = model({}, { inputs, constants });
    expect((await sameBothWays(parts, { ...run(), feeds: { ...feeds, scale } })).operators).toContain("Div");
  });
});
