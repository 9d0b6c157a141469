import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
/** Products with quantized activations and weights. They round sums once where the nodes round each step: to one code. */
import { type DType, type HostTensor, tensor } from "@bitbudget/core";
import { type AttributeValue, Graph, makeNode } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fuseQdq } from "../../src/index.ts";
import { type GraphParts, graphOf } from "../support/models.ts";
import { bothWays, codeDistance, sameBothWays } from "../support/optimized.ts";
import { dequantize, Qdq, quantize } from "../support/qdq.ts";
import { randomIntegers } from "../support/random.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

const image = randomIntegers("uint8", [1, 2, 5, 5], 1, 0, 256);
const rows = randomIntegers("uint8", [2, 6], 1, 0, 256);
const INPUT_SCALE = 0.02;

interface Product {
  readonly opType: "Conv" | "MatMul" | "Gemm";
  readonly x: HostTensor;
  readonly w: HostTensor;
  readonly scale?: readonly number[];
  readonly axis?: number;
  readonly bias?: { readonly codes: HostTensor; readonly scale: readonly number[] };
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly shape: readonly number[];
  /** Format of the result's codes; without it the result is float32. */
  readonly y?: DType;
  readonly activation?: "Relu";
}

function model(product: Product): GraphParts {
  const { opType, x, w, scale = [0.01], axis = 0, bias, attributes = {}, shape, y, activation } = product;
  const list = (values: readonly number[]) =>
    tensor("float32", values.length === 1 ? [] : [values.length], values);
  // A Relu is done by codes whose lowest stands for 0.
  const middle = activation === undefined ? 128 : 0;
  const origin = y === "int8" ? middle - 128 : middle;
  const qdq = new Qdq().code("x", INPUT_SCALE, "uint8", 120).code("y", 0.03, y ?? "uint8", origin);
  qdq.add({ w, w_scale: list(scale), w_zero: tensor(w.dtype, scale.length === 1 ? [] : [scale.length]) });
  if (bias !== undefined)
    qdq.add({
      b: bias.codes,
      b_scale: list(bias.scale),
      b_zero: tensor("int32", bias.scale.length === 1 ? [] : [bias.scale.length]),
    });
  const result = y === undefined && activation === undefined ? "y" : "r";
  return {
    inputs: { x: [x.dtype, x.shape] },
    outputs: { y: [y ?? "float32", shape] },
    constants: qdq.constants,
    nodes: [
      dequantize("x", "dx", "x"),
      dequantize("w", "dw", "w", axis),
      ...(bias === undefined ? [] : [dequantize("b", "db", "b", 0)]),
      makeNode(opType, ["dx", "dw", ...(bias === undefined ? [] : ["db"])], [result], {
        name: "product",
        attributes,
      }),
      ...(activation === undefined ? [] : [makeNode(activation, ["r"], [y === undefined ? "y" : "s"])]),
      ...(y === undefined ? [] : [quantize(activation === undefined ? "r" : "s", "y", "y")]),
    ],
  };
}

/** Runs both ways with codes within one of each other; returns the kernels. */
async function toOneCode(product: Product): Promise<readonly string[]> {
  const feeds = { x: product.x };
  if (product.y === undefined) return (await sameBothWays(model(product), { backend, feeds })).kernels;
  const { plain, optimized, kernels } = await bothWays(model(product), { backend, feeds });
  expect(new Set(Array.from(plain.y?.data ?? [], Number)).size).toBeGreaterThan(3);
  expect(codeDistance(optimized.y, plain.y)).toBeLessThanOrEqual(1);
  return kernels;
}

const scales = [0.01, 0.02, 0.005];
const conv = {
  opType: "Conv",
  x: image,
  w: randomIntegers("int8", [3, 2, 3, 3], 2, -127, 128),
  scale: scales,
  attributes: { pads: [1n, 1n, 1n, 1n] },
  bias: {
    codes: randomIntegers("int32", [3], 3, -2000, 2000),
    scale: scales.map((scale) => Math.fround(INPUT_SCALE * Math.fround(scale))),
  },
  shape: [1, 3, 5, 5],
} as const satisfies Product;
const matmul = {
  opType: "MatMul",
  x: rows,
  w: randomIntegers("int8", [6, 3], 2, -127, 128),
  scale: scales,
  axis: 1,
  shape: [2, 3],
} as const satisfies Product;
const gemm = {
  ...matmul,
  opType: "Gemm",
  bias: conv.bias,
} as const satisfies Product;

describe("a quantized convolution", () => {
  test.each(["uint8", "int8"] as const)("makes %s in one kernel", async (y) => {
    expect(await toOneCode({ ...conv, y })).toEqual([`conv2d uint8 x int8 channel -> ${y}`]);
  });

  test("takes in a Relu", async () => {
    expect(await toOneCode({ ...conv, y: "uint8", activation: "Relu" })).toHaveLength(1);
  });

  test("makes float32 where no quantizer follows", async () => {
    expect(await toOneCode(conv)).toEqual(["conv2d uint8 x int8 channel -> float32"]);
    expect((await toOneCode({ ...conv, activation: "Relu" }))[0]).toBe(
      "conv2d uint8 x int8 channel -> float32",
    );
  });

  test.each([
    ["int4", "int8", -8, 8, 0.2],
    ["uint4", "uint8", 0, 16, 0.2],
    ["int2", "int8", -2, 2, 0.8],
  ] as const)("takes %s weights as bytes", async (dtype, bytes, low, high, scale) => {
    const narrow = randomIntegers(bytes, conv.w.shape, 2, low, high);
    const w = tensor(dtype, conv.w.shape, Array.from(narrow.data, Number));
    const bias = { ...conv.bias, scale: [Math.fround(INPUT_SCALE * Math.fround(scale))] };
    expect(await toOneCode({ ...conv, w, scale: [scale], bias, y: "uint8" })).toEqual([
      `conv2d uint8 x ${bytes} tensor -> uint8`,
    ]);
  });

  test("has one scale for all weights, and one for a bias", async () => {
    const bias = { ...conv.bias, scale: [Math.fround(INPUT_SCALE * Math.fround(0.01))] };
    expect(await toOneCode({ ...conv, scale: [0.01], bias, y: "uint8" })).toEqual([
      "conv2d uint8 x int8 tensor -> uint8",
    ]);
  });

  test.each([
    ["in units of its own", [0.5, 0.5, 0.5]],
    ["in units of the first channel only", [conv.bias.scale[0] ?? 0]],
  ])("has float sums with a bias %s", async (_, scale) => {
    const kernels = await toOneCode({ ...conv, bias: { ...conv.bias, scale } });
    expect(kernels.at(-1)).toBe("conv2d float32 x int8 channel -> float32");
  });

  test("stays as it was where the result's numbers are captured", async () => {
    const run = { backend, feeds: { x: image }, capture: ["r", "dx", "dw"] };
    const { plain, optimized } = await bothWays(model({ ...conv, y: "uint8" }), run);
    for (const name of run.capture)
      for (const [i, expected] of Array.from(plain[name]?.data ?? [], Number).entries())
        expect(Number(optimized[name]?.data[i])).toBeCloseTo(expected, 4);
  });
});

describe("a quantized product", () => {
  test.each([
    ["MatMul", matmul],
    ["Gemm", gemm],
    [
      "Gemm of rows",
      { ...gemm, w: randomIntegers("int8", [3, 6], 2, -127, 128), axis: 0, attributes: { transB: 1n } },
    ],
    ["MatMul with an axis from the end", { ...matmul, axis: -1 }],
  ])("%s makes codes or float32 in one kernel", async (_, product) => {
    expect(await toOneCode({ ...product, y: "uint8" })).toEqual(["linear uint8 x int8 channel -> uint8"]);
    expect(await toOneCode(product)).toEqual(["linear uint8 x int8 channel -> float32"]);
  });

  test("Gemm's alpha scales the sums, and its bias is in units of both", async () => {
    const [alpha, beta] = [0.5, 2];
    const scale = conv.bias.scale.map((unit) => (unit * alpha) / beta);
    const product = { ...gemm, bias: { ...gemm.bias, scale }, attributes: { alpha, beta } };
    expect(await toOneCode({ ...product, y: "uint8" })).toEqual(["linear uint8 x int8 channel -> uint8"]);
    expect(await toOneCode(product)).toEqual(["linear uint8 x int8 channel -> float32"]);
  });

  test.each([{ alpha: 0.5 }, { beta: 3 }, { alpha: 2, beta: 0.5 }, { beta: 0 }])(
    "Gemm with %j and a bias in the units of its operands is right",
    async (attributes) => {
      await toOneCode({ ...gemm, attributes });
    },
  );

  test("has scales for the rows of a matrix, which are no output channels, done on numbers", async () => {
    const scale = [0.01, 0.02, 0.005, 0.01, 0.03, 0.001];
    expect((await toOneCode({ ...matmul, scale, axis: 0 })).at(-1)).toBe(
      "linear float32 x float32 -> float32",
    );
  });

  test("multiplies stacks of matrices", async () => {
    const w = randomIntegers("int8", [6, 6, 6], 2, -127, 128);
    const stack = { ...matmul, w, shape: [6, 2, 6] };
    await toOneCode({ ...stack, scale: [0.01] });
    await toOneCode({ ...stack, scale: [0.01], y: "uint8" });
    const six = [0.01, 0.02, 0.005, 0.01, 0.03, 0.001];
    for (const axis of [0, 1, 2]) await toOneCode({ ...stack, scale: six, axis });
  });

  test("multiplies two activations", async () => {
    const parts = model({ ...matmul, scale: [0.01], y: "uint8" });
    const { w = rows, ...constants } = parts.constants ?? {};
    const fed = { ...parts, inputs: { ...parts.inputs, w: ["int8", [6, 3]] as const }, constants };
    const { plain, optimized, kernels } = await bothWays(fed, { backend, feeds: { x: rows, w } });
    expect(kernels).toEqual(["matmul uint8 x int8 tensor -> uint8"]);
    expect(codeDistance(optimized.y, plain.y)).toBeLessThanOrEqual(1);
  });
});

test("nothing internal is made for other runtimes", () => {
  const graph = new Graph(graphOf(model(conv)));
  fuseQdq(graph, { opset: 21, layout: "nchw", standard: true });
  expect(graph.nodes.map(({ opType }) => opType)).toEqual([
    ...["DequantizeLinear", "DequantizeLinear", "DequantizeLinear", "Conv"],
  ]);
  const ending = new Graph(graphOf(model({ ...conv, y: "uint8" })));
  fuseQdq(ending, { opset: 21, layout: "nchw", standard: true });
  expect(ending.nodes.filter(({ opType }) => opType !== "DequantizeLinear")).toMatchObject([
    { opType: "QLinearConv", domain: "" },
  ]);
});
