/** Root-mean-square normalization that is spelled out: found in all its forms, left alone where its steps are needed. */
import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { tensor } from "@bitbudget/core";
import { makeNode, type NodeProto } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphParts } from "../support/models.ts";
import { type Run, sameBothWays } from "../support/optimized.ts";
import { randomFloats } from "../support/random.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

const feeds = { x: randomFloats([2, 8, 8], 1, 3) };
const axes = (...list: bigint[]) => ({ attributes: { axes: list } });

type Nodes = Readonly<Record<string, NodeProto>>;

/** x / sqrt(mean(x^2) + 0.01) * scale, with some nodes replaced. */
function model(replaced: Nodes = {}, outputs = ["y"]): GraphParts {
  const nodes: Nodes = {
    square: makeNode("Pow", ["x", "two"], ["x2"]),
    mean: makeNode("ReduceMean", ["x2"], ["mean"], axes(-1n)),
    shifted: makeNode("Add", ["mean", "epsilon"], ["shifted"]),
    root: makeNode("Sqrt", ["shifted"], ["root"], { name: "norm" }),
    quotient: makeNode("Div", ["x", "root"], ["q"]),
    scaled: makeNode("Mul", ["q", "scale"], ["y"]),
    ...replaced,
  };
  return {
    inputs: { x: ["float32", [2, 8, 8]] },
    outputs: Object.fromEntries(outputs.map((name) => [name, ["float32", [2, 8, "n"]] as const])),
    constants: {
      one: tensor("float32", [], [1]),
      two: tensor("float32", [1], [2]),
      epsilon: tensor("float32", [1], [0.01]),
      scale: randomFloats([8], 2),
    },
    nodes: Object.values(nodes),
  };
}

async function operatorsOf(parts: GraphParts, run: Partial<Run> = {}): Promise<readonly string[]> {
  return (await sameBothWays(parts, { backend, feeds, opset: 17, ...run })).operators;
}

describe("a root-mean-square normalization that is spelled out", () => {
  const product = makeNode("Mul", ["x", "inverse"], ["q"]);
  test.each<[string, Nodes]>([
    ["as it stands", {}],
    ["with a product for the square", { square: makeNode("Mul", ["x", "x"], ["x2"]) }],
    [
      "with its constants first",
      {
        shifted: makeNode("Add", ["epsilon", "mean"], ["shifted"]),
        scaled: makeNode("Mul", ["scale", "q"], ["y"]),
      },
    ],
    ["with a reciprocal", { inverse: makeNode("Reciprocal", ["root"], ["inverse"]), quotient: product }],
    ["with 1 over the root", { inverse: makeNode("Div", ["one", "root"], ["inverse"]), quotient: product }],
  ])("becomes one kernel %s", async (_, replaced) => {
    expect(await operatorsOf(model(replaced))).toEqual(["RMSNormalization"]);
  });
});

describe("the steps stay", () => {
  test.each<[string, Nodes]>([
    [
      "where another value is divided",
      {
        quotient: makeNode("Div", ["z", "root"], ["q"]),
        other: makeNode("Neg", ["x"], ["z"]),
      },
    ],
    ["where the root is divided", { quotient: makeNode("Div", ["root", "x"], ["q"]) }],
    [
      "where the root is inverted by 2",
      {
        inverse: makeNode("Div", ["two", "root"], ["inverse"]),
        quotient: makeNode("Mul", ["x", "inverse"], ["q"]),
      },
    ],
    ["where the mean is over another axis", { mean: makeNode("ReduceMean", ["x2"], ["mean"], axes(1n)) }],
    ["where epsilon is a row", { shifted: makeNode("Add", ["mean", "scale2"], ["shifted"]) }],
    ["where nothing scales", { scaled: makeNode("Add", ["q", "scale"], ["y"]) }],
  ])("%s", async (_, replaced) => {
    const parts = model(replaced);
    const constants = { ...parts.constants, scale2: tensor("float32", [8], [1, 2, 3, 4, 5, 6, 7, 8]) };
    expect(await operatorsOf({ ...parts, constants })).toContain("Sqrt");
  });

  test.each(["root", "q"])("where %s is an output too", async (name) => {
    expect(await operatorsOf(model({}, ["y", name]))).toContain("Sqrt");
  });
});
