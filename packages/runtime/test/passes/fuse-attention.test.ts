/** Attention that is spelled out: found in all its forms, left alone where its steps are needed. */
import { type Backend, createBackend } from "@bitbudget/backend";
import { hostDevice, kernels, open } from "@bitbudget/backend-js";
import { type HostTensor, tensor } from "@bitbudget/core";
import { makeNode, type NodeProto } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Feeds } from "../../src/index.ts";
import type { GraphParts } from "../support/models.ts";
import { bothWays, type Run, sameBothWays } from "../support/optimized.ts";
import { randomFloats } from "../support/random.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

const feeds = {
  q: randomFloats([2, 3, 4, 8], 1, 2),
  k: randomFloats([2, 3, 5, 8], 2, 2),
  v: randomFloats([2, 3, 5, 6], 3),
  mask: randomFloats([2, 1, 1, 5], 4, 3),
};

/** softmax(q k^T * 0.5 + mask) v, with some nodes replaced or (undefined) left out. */
function model(
  replaced: Readonly<Record<string, NodeProto | undefined>> = {},
  outputs = ["y"],
  constants: Readonly<Record<string, HostTensor>> = {},
): GraphParts {
  const nodes: Record<string, NodeProto | undefined> = {
    transposed: makeNode("Transpose", ["k"], ["kt"], { attributes: { perm: [0n, 1n, 3n, 2n] } }),
    scores: makeNode("MatMul", ["q", "kt"], ["s"]),
    scaled: makeNode("Mul", ["s", "half"], ["scaled"]),
    masked: makeNode("Add", ["scaled", "mask"], ["masked"]),
    softmax: softmax("masked"),
    mean: makeNode("MatMul", ["w", "v"], ["y"]),
    ...replaced,
  };
  return {
    outputs: Object.fromEntries(outputs.map((name) => [name, ["float32", ["b", "h", "m", "x"]] as const])),
    constants: {
      half: tensor("float32", [1], [0.5]),
      two: tensor("float32", [], [2]),
      row: randomFloats([5], 5),
      ...constants,
    },
    nodes: Object.values(nodes).filter((node) => node !== undefined),
  };
}

function softmax(of: string, axis = -1): NodeProto {
  return makeNode("Softmax", [of], ["w"], { attributes: { axis: BigInt(axis) } });
}

const fused = ["attention float32 -> float32"];

async function kernelsOf(parts: GraphParts, run: Partial<Run> = {}): Promise<readonly string[]> {
  const full = { backend, feeds, opset: 17, ...run };
  return (await sameBothWays(withInputs(parts, full.feeds), full)).kernels;
}

function withInputs(parts: GraphParts, feeds: Feeds): GraphParts {
  const inputs = Object.entries(feeds).map(([name, { dtype, shape }]) => [name, [dtype, shape]] as const);
  return { ...parts, inputs: Object.fromEntries(inputs) };
}

describe("becomes one kernel", () => {
  test.each<[string, Readonly<Record<string, NodeProto | undefined>>]>([
    ["as it stands", {}],
    ["divided", { scaled: makeNode("Div", ["s", "two"], ["scaled"]) }],
    ["with the scale first", { scaled: makeNode("Mul", ["half", "s"], ["scaled"]) }],
    ["with the mask first", { masked: makeNode("Add", ["mask", "scaled"], ["masked"]) }],
    ["without a scale", { scaled: undefined, masked: makeNode("Add", ["s", "mask"], ["masked"]) }],
    ["without a mask", { masked: undefined, softmax: softmax("scaled") }],
    ["with neither", { scaled: undefined, masked: undefined, softmax: softmax("s") }],
    ["with its axis counted from the front", { softmax: softmax("masked", 3) }],
    ["with its axis left out", { softmax: makeNode("Softmax", ["masked"], ["w"]) }],
  ])("%s", async (_, replaced) => {
    expect(await kernelsOf(model(replaced))).toEqual(fused);
  });

  test("before opset 13, where Softmax flattens the axes from its own on", async () => {
    expect(await kernelsOf(model({ softmax: softmax("masked", 3) }), { opset: 11 })).toEqual(fused);
  });

  test("with a transposition that does more, of which the rest stays", async () => {
    const transposed = makeNode("Transpose", ["k"], ["kt"], { attributes: { perm: [0n, 2n, 3n, 1n] } });
    const apart = { ...feeds, k: randomFloats([2, 5, 3, 8], 2, 2) };
    const found = await kernelsOf(model({ transposed }), { feeds: apart });
    expect(found).toEqual(["transpose float32 -> float32", ...fused]);
  });

  test("where one head of keys serves all queries", async () => {
    const shared = { ...feeds, k: randomFloats([2, 1, 5, 8], 2, 2), v: randomFloats([2, 1, 5, 6], 3) };
    expect(await kernelsOf(model(), { feeds: shared })).toEqual(fused);
  });

  test("which gives 0 where all keys are masked, and NaN stood before", async () => {
    const mask = tensor("float32", [1, 1, 1, 5], new Float32Array(5).fill(Number.NEGATIVE_INFINITY));
    const masked = { ...feeds, mask };
    const { plain, optimized } = await bothWays(withInputs(model(), masked), { backend, feeds: masked });
    expect(plain.y?.data).toEqual(new Float32Array(2 * 3 * 4 * 6).fill(Number.NaN));
    expect(optimized.y?.data).toEqual(new Float32Array(2 * 3 * 4 * 6));
  });
});

describe("the steps stay", () => {
  test.each<[string, Readonly<Record<string, NodeProto | undefined>>]>([
    ["where the scale is a row", { scaled: makeNode("Mul", ["s", "row"], ["scaled"]) }],
    ["where a number is divided by the scores", { scaled: makeNode("Div", ["two", "s"], ["scaled"]) }],
    ["where a difference stands for the mask", { masked: makeNode("Sub", ["scaled", "mask"], ["masked"]) }],
    ["where the softmax is over another axis", { softmax: softmax("masked", 2) }],
    ["where keys lose their place", { transposed: makeNode("Identity", ["k"], ["kt"]) }],
  ])("%s", async (_, replaced) => {
    const square = { ...feeds, k: randomFloats([2, 3, 8, 5], 2, 2) };
    const run = "transposed" in replaced ? { feeds: square } : {};
    expect(await kernelsOf(model(replaced), run)).toContain("softmax float32 -> float32");
  });

  test("before opset 13, where the axis is left out", async () => {
    const parts = model({ softmax: makeNode("Softmax", ["masked"], ["w"]) });
    expect(await kernelsOf(parts, { opset: 11 })).toContain("softmax float32 -> float32");
  });

  test.each(["kt", "s", "scaled", "masked", "w"])("where %s is an output too", async (name) => {
    expect(await kernelsOf(model({}, ["y", name]))).toContain("softmax float32 -> float32");
  });

  test("where weights serve two values", async () => {
    const mean = makeNode("MatMul", ["w", "v"], ["a"]);
    const again = makeNode("MatMul", ["w", "a2"], ["y"]);
    const other = makeNode("Neg", ["v"], ["a2"]);
    const parts = model({ mean, other, again }, ["y", "a"]);
    expect(await kernelsOf(parts)).toContain("softmax float32 -> float32");
  });
});

describe("shapes that the kernel does not take are computed in steps", () => {
  test.each([
    ["three axes of queries", { ...feeds, q: randomFloats([3, 4, 8], 1, 2), mask: randomFloats([5], 4) }],
    ["a batch of one for the keys", { ...feeds, k: randomFloats([1, 3, 5, 8], 2, 2) }],
    ["one head of queries", { ...feeds, q: randomFloats([2, 1, 4, 8], 1, 2) }],
    ["a mask that adds a batch", { ...feeds, mask: randomFloats([2, 2, 1, 1, 5], 4) }],
    ["values for one head", { ...feeds, v: randomFloats([2, 1, 5, 6], 3) }],
    ["values without heads", { ...feeds, v: randomFloats([5, 6], 3) }],
  ])("%s", async (_, other) => {
    expect(await kernelsOf(model(), { feeds: other })).toContain("softmax float32 -> float32");
  });

  test("and so is everything where the backend has no such kernel", async () => {
    const { attention: _, ...others } = kernels;
    await using lesser = createBackend({
      name: "lesser",
      device: hostDevice(),
      context: undefined,
      kernels: others,
    });
    const found = await kernelsOf(model({ scaled: makeNode("Div", ["s", "two"], ["scaled"]) }), {
      backend: lesser,
    });
    expect(found).toContain("softmax float32 -> float32");
    expect(found.join()).not.toContain("attention");
  });
});
