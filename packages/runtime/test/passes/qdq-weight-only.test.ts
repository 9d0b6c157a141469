/** Products of floats with weights that are codes: the kernel reads the codes where it can. */
import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { type HostTensor, tensor } from "@bitbudget/core";
import { type AttributeValue, makeNode } from "@bitbudget/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphParts } from "../support/models.ts";
import { sameBothWays } from "../support/optimized.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

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
