import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
/** Products with quantized activations and weights. They round sums once where the nodes round each step: to one code. */
import { type DType, type HostTensor, tensor } from "@bitbudget/core";
import { type AttributeValue, makeNode } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphParts } from "../support/models.ts";
import { bothWays, codeDistance, sameBothWays } from "../support/optimized.ts";
import { dequantize, Qdq, quantize } from "../support/qdq.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

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

describe("quantized weights alone", () => {
  const x = randomFloats([2, 8], 1);

  function weightOnly(
    opType: string,
    w: HostTensor,
    coding: {
      readonly scale: HostTensor;
      readonly zero?: HostTensor;
      readonly attributes: Record<string, AttributeValue>;
    },
    more: {
      readonly bias?: HostTensor;
      readonly attributes?: Record<string, AttributeValue>;
      readonly x?: HostTensor;
    } = {},
  ): GraphParts {
    const { bias, attributes = {} } = more;
    const given = more.x ?? x;
    return {
      inputs: { x: ["float32", given.shape] },
      outputs: { y: ["float32", []] },
      constants: {
        w,
        s: coding.scale,
        ...(coding.zero && { z: coding.zero }),
        ...(bias && { b: bias }),
      },
      nodes: [
        makeNode("DequantizeLinear", ["w", "s", ...(coding.zero ? ["z"] : [])], ["dw"], {
          attributes: coding.attributes,
        }),
        makeNode(opType, ["x", "dw", ...(bias ? ["b"] : [])], ["y"], { name: "product", attributes }),
      ],
    };
  }
  const nibbles = (shape: readonly number[], seed: number) =>
    tensor("int4", shape, randomIntegers("int8", shape, seed, -8, 8).data);

  test("of 4 bits in blocks are read by the kernel, the last block as short as it is", async () => {
    for (const size of [4, 3]) {
      const blocks = Math.ceil(8 / size);
      const coding = {
        scale: randomFloats([blocks, 5], 3),
        attributes: { axis: 0n, block_size: BigInt(size) },
      };
      const plain = await sameBothWays(weightOnly("MatMul", nibbles([8, 5], 2), coding), {
        backend,
        feeds: { x },
      });
      expect(plain.kernels).toEqual(["linear float32 x int4 block -> float32"]);
      const withZero = { ...coding, zero: nibbles([blocks, 5], 4) };
      const moved = await sameBothWays(weightOnly("MatMul", nibbles([8, 5], 2), withZero), {
        backend,
        feeds: { x },
      });
      expect(moved.kernels).toEqual(["linear float32 x int4 block -> float32"]);
    }
  });

  test("in blocks across the channels are decoded", async () => {
    const coding = { scale: randomFloats([8, 2], 3), attributes: { axis: 1n, block_size: 4n } };
    const { kernels } = await sameBothWays(weightOnly("MatMul", nibbles([8, 5], 2), coding), {
      backend,
      feeds: { x },
    });
    expect(kernels).toEqual(["linear float32 x float32 -> float32"]);
  });

  test("of a convolution are read by the kernel, whatever its bias", async () => {
    const w = randomIntegers("int8", [3, 2, 3, 3], 2, -127, 128);
    const coding = { scale: randomFloats([3], 3, 0.01), attributes: { axis: 0n } };
    const picture = randomFloats([1, 2, 5, 5], 1);
    const run = { backend, feeds: { x: picture } };
    const known = weightOnly("Conv", w, coding, { x: picture, bias: randomFloats([3], 4) });
    expect((await sameBothWays(known, run)).kernels).toEqual(["conv2d float32 x int8 channel -> float32"]);

    const { b = picture, ...constants } = known.constants ?? {};
    const relu = known.nodes.map((node) =>
      node.opType === "Conv" ? makeNode("Conv", node.input, ["c"]) : node,
    );
    const fed: GraphParts = {
      ...known,
      inputs: { ...known.inputs, b: ["float32", [3]] },
      constants,
      nodes: [...relu, makeNode("Relu", ["c"], ["y"])],
    };
    const { kernels } = await sameBothWays(fed, { backend, feeds: { x: picture, b } });
    expect(kernels[0]).toBe("conv2d float32 x int8 channel -> float32");
  });

  test("of a convolution over three axes are decoded", async () => {
    const volume = randomFloats([1, 2, 3, 3, 3], 1);
    const w = randomIntegers("int8", [3, 2, 2, 2, 2], 2, -127, 128);
    const coding = { scale: randomFloats([3], 3, 0.01), attributes: { axis: 0n } };
    await sameBothWays(weightOnly("Conv", w, coding, { x: volume }), { backend, feeds: { x: volume } });
  });

  test.each([[[5]], [[1, 5]], [[2, 5]], [[2, 1]], [[]]])(
    "of Gemm with a bias %j and an activation",
    async (shape) => {
      const w = randomIntegers("int8", [5, 8], 2, -127, 128);
      const coding = { scale: randomFloats([5], 3, 0.01), attributes: { axis: 0n } };
      const bias = randomFloats(shape, 4);
      const parts = weightOnly("Gemm", w, coding, { bias, attributes: { transB: 1n } });
      const nodes = parts.nodes.map((node) =>
        node.opType === "Gemm" ? makeNode("Gemm", node.input, ["g"], { attributes: { transB: 1n } }) : node,
      );
      const all = { ...parts, nodes: [...nodes, makeNode("Relu", ["g"], ["y"])] };
      const { kernels } = await sameBothWays(all, { backend, feeds: { x } });
      expect(kernels[0]).toBe("linear float32 x int8 channel -> float32");
    },
  );

  test.each([
    ["alpha", { alpha: 0.5 }],
    ["beta", { beta: 2 }],
    ["transA", { transA: 1n }],
  ])("of Gemm with %s are decoded", async (_, attributes) => {
    const w = randomIntegers("int8", [8, 5], 2, -127, 128);
    const coding = { scale: randomFloats([5], 3, 0.01), attributes: { axis: 1n } };
    const given = "transA" in attributes ? randomFloats([8, 2], 1) : x;
    const parts = weightOnly("Gemm", w, coding, { x: given, bias: randomFloats([5], 4), attributes });
    const { kernels } = await sameBothWays(parts, { backend, feeds: { x: given } });
    expect(kernels[0]).not.toContain("int8");
  });

  test.each([
    ["int32", randomIntegers("int32", [8, 5], 2, -127, 128)],
    ["float8", tensor("float8_e4m3fn", [8, 5], randomFloats([8, 5], 2).data)],
  ])("of %s are decoded", async (_, w) => {
    const coding = { scale: tensor("float32", [], [0.01]), attributes: {} };
    const { kernels } = await sameBothWays(weightOnly("MatMul", w, coding), { backend, feeds: { x } });
    expect(kernels).toEqual(["linear float32 x float32 -> float32"]);
  });

  test("are read where DequantizeLinear is asked for float16: as numbers of that format", async () => {
    const half = tensor("float16", [2, 8], x.data);
    const coding = { scale: tensor("float32", [], [0.01]), attributes: { output_dtype: 10n } };
    const parts = weightOnly("MatMul", randomIntegers("int8", [8, 5], 2, -127, 128), coding);
    const inputs = { x: ["float16", [2, 8]] } as const;
    const run = { backend, feeds: { x: half }, opset: 23 };
    await sameBothWays({ ...parts, inputs, outputs: { y: ["float16", [2, 5]] } }, run);
  });
});
