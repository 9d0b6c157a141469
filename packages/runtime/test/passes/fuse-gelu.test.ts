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

const feeds = { x: randomFloats([2, 5], 1, 3) };
const scalar = (value: number) => tensor("float32", [], [value]);

const division = makeNode("Div", ["x", "root"], ["scaled"]);
const end = [makeNode("Mul", ["x", "plus"], ["twice"]), makeNode("Mul", ["twice", "half"], ["y"])];

function model(first: NodeProto, last: readonly NodeProto[], more: Partial<GraphParts> = {}): GraphParts {
  return {
    inputs: { x: ["float32", [2, 5]] },
    outputs: { y: ["float32", [2, 5]] },
    constants: { root: scalar(Math.SQRT2), inverse: scalar(Math.SQRT1_2), one: scalar(1), half: scalar(0.5) },
    nodes: [
      first,
      makeNode("Erf", ["scaled"], ["e"], { name: "erf" }),
      makeNode("Add", ["e", "one"], ["plus"]),
      ...last,
    ],
    ...more,
  };
}

describe("x * 0.5 * (1 + erf(x / sqrt(2)))", () => {
  test.each([
    ["x / root", division],
    ["x * inverse", makeNode("Mul", ["x", "inverse"], ["scaled"])],
    ["inverse * x", makeNode("Mul", ["inverse", "x"], ["scaled"])],
  ])("starts with %s", async (_, first) => {
    expect((await sameBothWays(model(first, end), { backend, feeds })).operators).toEqual(["Gelu"]);
  });

  test.each([
    ["(x * sum) * half", end],
    ["half * (sum * x)", [makeNode("Mul", ["plus", "x"], ["t"]), makeNode("Mul", ["half", "t"], ["y"])]],
    ["x * (sum * half)", [makeNode("Mul", ["plus", "half"], ["t"]), makeNode("Mul", ["x", "t"], ["y"])]],
    ["(x * half) * sum", [makeNode("Mul", ["x", "half"], ["t"]), makeNode("Mul", ["t", "plus"], ["y"])]],
  ])("ends with %s", async (_, last) => {
    expect((await sameBothWays(model(division, last), { backend, feeds })).operators).toEqual(["Gelu"]);
  });

  test("is Gelu in models of opsets that have no Gelu", async () => {
    expect((await sameBothWays(model(division, end), { backend, feeds, opset: 11 })).operators).toEqual([
      "Gelu",
    ]);
  });
});

describe("the steps stay", () => {
  test.each(["scaled", "e", "plus", "twice"])("where %s is captured", async (name) => {
    const run = { backend, feeds, capture: [name] };
    expect((await sameBothWays(model(division, end), run)).operators).toContain("Erf");
  });

  test.each([
    ["root", 1.5],
    ["one", 2],
    ["half", 0.25],
  ])("where %s is %d", async (name, value) => {
    const constants = { ...model(division, end).constants, [name]: scalar(value) };
    const parts = model(division, end, { constants });
    expect((await sameBothWays(parts, { backend, feeds })).operators).toContain("Erf");
  });

  test("where a factor is fed", async () => {
    const { half = scalar(0), ...constants } = model(division, end).constants ?? {};
    const inputs = { x: ["float32", [2, 5]], half: ["float32", []] } as const;
    const parts = model(division, end, { inputs, constants });
    expect((await sameBothWays(parts, { backend, feeds: { ...feeds, half } })).operators).toContain("Erf");
  });

  test("where the product is with another value", async () => {
    const last = [
      makeNode("Neg", ["x"], ["z"]),
      makeNode("Mul", ["z", "plus"], ["t"]),
      makeNode("Mul", ["t", "half"], ["y"]),
    ];
    expect((await sameBothWays(model(division, last), { backend, feeds })).operators).toContain("Erf");
  });

  test("where the quotient is the other way round", async () => {
    const inverted = makeNode("Div", ["root", "x"], ["scaled"]);
    expect((await sameBothWays(model(inverted, end), { backend, feeds })).operators).toContain("Erf");
  });

  test("where a constant adds an axis", async () => {
    const constants = { ...model(division, end).constants, half: tensor("float32", [1, 1, 1], [0.5]) };
    const parts = model(division, end, { constants, outputs: { y: ["float32", [1, 2, 5]] } });
    const { optimized } = await sameBothWays(parts, { backend, feeds });
    expect(optimized.y?.shape).toEqual([1, 2, 5]);
  });
});
