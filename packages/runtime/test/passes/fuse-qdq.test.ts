import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { type DType, type HostTensor, tensor } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Codes, codeOf, saturates } from "../../src/passes/qdq.ts";
import type { GraphParts } from "../support/models.ts";
import { bothWays, codeDistance, sameBothWays } from "../support/optimized.ts";
import { dequantize, Qdq, quantize } from "../support/qdq.ts";
import { randomIntegers } from "../support/random.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

const codes = (shape: readonly number[], seed = 1) => randomIntegers("uint8", shape, seed, 0, 256);

/** x in the code x, an operator on the numbers, y in the code y. */
function moved(
  node: GraphParts["nodes"][number],
  [from, to]: readonly [readonly number[], readonly number[]],
  y: readonly [scale: number, dtype: DType, zeroPoint: number] = [0.1, "uint8", 7],
  constants: Readonly<Record<string, HostTensor>> = {},
): GraphParts {
  return {
    inputs: { x: ["uint8", from] },
    outputs: { y: [y[1], to] },
    constants: new Qdq()
      .code("x", 0.1, "uint8", 7)
      .code("y", ...y)
      .add(constants).constants,
    nodes: [dequantize("x", "a", "x"), node, quantize("b", "y", "y")],
  };
}

describe("an operator that moves elements", () => {
  const shape = {
    shape: tensor("int64", [2], [4, -1]),
    start: tensor("int64", [1], [1]),
    end: tensor("int64", [1], [3]),
  };
  test.each([
    [makeNode("Reshape", ["a", "shape"], ["b"]), [1, 2, 4, 4], [4, 8]],
    [
      makeNode("Transpose", ["a"], ["b"], { attributes: { perm: [0n, 2n, 3n, 1n] } }),
      [1, 2, 4, 4],
      [1, 4, 4, 2],
    ],
    [makeNode("Slice", ["a", "start", "end"], ["b"]), [4, 2], [2, 2]],
    [makeNode("Flatten", ["a"], ["b"]), [1, 2, 4, 4], [1, 32]],
    [
      makeNode("MaxPool", ["a"], ["b"], { attributes: { kernel_shape: [2n, 2n], pads: [1n, 1n, 1n, 1n] } }),
      [1, 2, 4, 4],
      [1, 2, 5, 5],
    ],
    [makeNode("GlobalMaxPool", ["a"], ["b"]), [1, 2, 4, 4], [1, 2, 1, 1]],
    [makeNode("DepthToSpace", ["a"], ["b"], { attributes: { blocksize: 2n } }), [1, 4, 2, 2], [1, 1, 4, 4]],
  ] as const)("$opType runs on the codes", async (node, from, to) => {
    const parts = moved(node, [from, to], undefined, shape);
    const { kernels } = await sameBothWays(parts, { backend, feeds: { x: codes(from) } });
    expect(kernels.join()).not.toContain("float32");
  });

  const turn = makeNode("Transpose", ["a"], ["b"]);
  const shapes = [
    [2, 3],
    [3, 2],
  ] as const;
  const feeds = { x: codes([2, 3]) };
  test.each([
    ["another scale", [0.2, "uint8", 7]],
    ["another zero point", [0.1, "uint8", 8]],
    ["another format", [0.1, "int8", 7]],
  ] as const)("runs on numbers where %s follows", async (_, y) => {
    const { kernels } = await sameBothWays(moved(turn, shapes, y), { backend, feeds });
    expect(kernels.join()).toContain("dequantize");
  });

  test("runs on numbers where they are captured", async () => {
    const { kernels } = await sameBothWays(moved(turn, shapes), { backend, feeds, capture: ["b"] });
    expect(kernels.join()).toContain("dequantize");
    await sameBothWays(moved(turn, shapes), { backend, feeds, capture: ["a"] });
  });

  test("runs on numbers where those are used again", async () => {
    const parts = moved(turn, shapes);
    const more = {
      ...parts,
      outputs: { ...parts.outputs, z: ["float32", [3, 2]] as const },
      nodes: [...parts.nodes, makeNode("Neg", ["b"], ["z"])],
    };
    await sameBothWays(more, { backend, feeds });
  });

  test("runs on numbers where each channel has a scale", async () => {
    const parts = moved(turn, shapes, undefined, {
      x_scale: tensor("float32", [3], [0.1, 0.2, 0.3]),
      x_zero: tensor("uint8", [3], [7, 7, 7]),
    });
    await sameBothWays(parts, { backend, feeds });
  });
});

/** y = operator(a, b) in codes. */
function pair(
  opType: string,
  [a, b, y]: readonly [DType, DType, DType],
  activation: readonly GraphParts["nodes"][number][] = [],
  attributes: Record<string, bigint> = {},
): GraphParts {
  const qdq = new Qdq().code("a", 0.02, a, 3).code("b", 0.05, b, 5).code("y", 0.06, y, 0);
  const shape = opType === "Concat" ? [4, 3] : [2, 3];
  return {
    inputs: { a: [a, [2, 3]], b: [b, [2, 3]] },
    outputs: { y: [y, shape] },
    constants: qdq.add({ six: tensor("float32", [], [6]), zero: tensor("float32", [], [0]) }).constants,
    nodes: [
      dequantize("a", "p", "a"),
      dequantize("b", "q", "b"),
      makeNode(opType, ["p", "q"], ["r"], { name: "node", attributes }),
      ...activation,
      quantize(activation.length > 0 ? "s" : "r", "y", "y"),
    ],
  };
}

const feed = (dtype: "int8" | "uint8", seed: number) =>
  randomIntegers(dtype, [2, 3], seed, dtype === "int8" ? -128 : 0, dtype === "int8" ? 128 : 256);

describe("an operator between codes", () => {
  // QLinearAdd and QLinearMul multiply by quotients and products of scales that are rounded once, the nodes round each
  // step: a number near the middle of two codes may go to the other one.
  test.each([
    ["Add", "uint8", "QLinearAdd"],
    ["Add", "int8", "QLinearAdd"],
    ["Mul", "uint8", "QLinearMul"],
    ["Mul", "int8", "QLinearMul"],
  ] as const)("%s of %s is %s, to one code", async (opType, dtype, expected) => {
    const feeds = { a: feed(dtype, 1), b: feed(dtype, 2) };
    const { plain, optimized, operators } = await bothWays(pair(opType, [dtype, dtype, dtype]), {
      backend,
      feeds,
    });
    expect(operators).toEqual([expected]);
    expect(codeDistance(optimized.y, plain.y)).toBeLessThanOrEqual(1);
  });

  test("Concat joins codes, recoded where they differ from the result's", async () => {
    const parts = pair("Concat", ["uint8", "uint8", "uint8"], [], { axis: 0n });
    const feeds = { a: feed("uint8", 1), b: feed("uint8", 2) };
    const { plain, optimized, operators } = await bothWays(parts, { backend, feeds });
    expect(operators).toEqual(["QLinearConcat"]);
    expect(codeDistance(optimized.y, plain.y)).toBeLessThanOrEqual(1);
  });

  test.each([
    ["int8", "uint8", "uint8"],
    ["uint8", "int8", "uint8"],
    ["uint8", "uint8", "int8"],
    ["int8", "int8", "uint8"],
  ] as const)("stays on numbers where formats differ: %s, %s, %s", async (a, b, y) => {
    const feeds = { a: feed(a, 1), b: feed(b, 2) };
    for (const opType of ["Add", "Mul", "Concat"]) {
      const attributes = opType === "Concat" ? { axis: 0n } : {};
      const { operators } = await sameBothWays(pair(opType, [a, b, y], [], attributes), { backend, feeds });
      expect(operators).toContain(opType);
    }
  });

  test("takes in a Relu that the codes do anyway", async () => {
    const parts = pair("Add", ["uint8", "uint8", "uint8"], [makeNode("Relu", ["r"], ["s"])]);
    const feeds = { a: feed("uint8", 1), b: feed("uint8", 2) };
    const { plain, optimized, operators } = await bothWays(parts, { backend, feeds });
    expect(operators).toEqual(["QLinearAdd"]);
    expect(codeDistance(optimized.y, plain.y)).toBeLessThanOrEqual(1);
  });

  test.each([
    ["Relu before signed codes", ["int8", "int8", "int8"], makeNode("Relu", ["r"], ["s"])],
    [
      "Clip to 6 where codes reach 15",
      ["uint8", "uint8", "uint8"],
      makeNode("Clip", ["r", "zero", "six"], ["s"]),
    ],
    ["an activation that is no clamp", ["uint8", "uint8", "uint8"], makeNode("Tanh", ["r"], ["s"])],
  ] as const)("does not take in %s", async (_, dtypes, activation) => {
    const feeds = { a: feed(dtypes[0], 1), b: feed(dtypes[1], 2) };
    const { operators } = await sameBothWays(pair("Add", dtypes, [activation]), { backend, feeds });
    expect(operators).toContain(activation.opType);
  });

  test("stays where its result is captured", async () => {
    const feeds = { a: feed("uint8", 1), b: feed("uint8", 2) };
    const run = { backend, feeds, capture: ["r", "p"] };
    const { operators } = await sameBothWays(pair("Add", ["uint8", "uint8", "uint8"]), run);
    expect(operators).toContain("Add");
  });

  test.each([
    ["Sigmoid", {}, [2, 3, 4, 4], [2, 3, 4, 4]],
    ["LeakyRelu", { alpha: 0.3 }, [2, 3, 4, 4], [2, 3, 4, 4]],
    ["Softmax", {}, [2, 3, 4], [2, 3, 4]],
    ["AveragePool", { kernel_shape: [2n, 2n], pads: [1n, 1n, 0n, 0n] }, [1, 3, 4, 4], [1, 3, 4, 4]],
    ["GlobalAveragePool", {}, [1, 3, 4, 4], [1, 3, 1, 1]],
  ] as const)("%s is its QLinear form, to one code", async (opType, attributes, from, to) => {
    const node = makeNode(opType, ["a"], ["b"], { attributes });
    const parts = moved(node, [from, to], [1 / 64, "uint8", 3]);
    const { plain, optimized, operators } = await bothWays(parts, { backend, feeds: { x: codes(from) } });
    expect(operators).toEqual([`QLinear${opType}`]);
    expect(codeDistance(optimized.y, plain.y)).toBeLessThanOrEqual(1);
  });

  test("Softmax sums over all axes from its own on before opset 13", async () => {
    const parts = moved(
      makeNode("Softmax", ["a"], ["b"]),
      [
        [2, 3, 4],
        [2, 3, 4],
      ],
      [1 / 256, "uint8", 0],
    );
    const run = { backend, feeds: { x: codes([2, 3, 4]) }, opset: 12 };
    // The attribute axis came with opset 13.
    for (const node of parts.nodes) if (node.opType === "DequantizeLinear") node.attribute = [];
    const { plain, optimized, operators } = await bothWays(parts, run);
    expect(operators).toEqual(["QLinearSoftmax"]);
    expect(codeDistance(optimized.y, plain.y)).toBeLessThanOrEqual(1);
  });
});

test("a bound on a tie has the code that QuantizeLinear gives it: the quotient goes to even, then moves by the zero point", () => {
  const codes: Codes = {
    codes: "y",
    scale: "s",
    zeroPoint: "z",
    dtype: "uint8",
    scales: tensor("float32", [], [1]),
    zeroPoints: tensor("uint8", [], [1]),
    axis: 1,
    blockSize: 0,
  };
  expect([-1.5, -0.5, 0.5, 1.5].map((x) => codeOf(codes, x))).toEqual([0, 1, 1, 3]);
  // A clip at -0.5 keeps codes from being 0, so it does something.
  expect(saturates(codes, -0.5, 255)).toBe(false);
  expect(saturates(codes, -1.5, 255)).toBe(true);
});
