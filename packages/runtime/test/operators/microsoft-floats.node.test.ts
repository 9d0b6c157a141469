/** Products with weights in blocks and fused operators of com.microsoft equal onnxruntime. */
import { type HostTensor, tensor } from "@bitbudget/core";
import { describe, test } from "vitest";
import { expectLikeOnnxruntime } from "../support/against-onnxruntime.ts";
import { bytes, microsoftNode } from "../support/microsoft-cases.ts";
import type { OneNode } from "../support/one-node.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

/** Products of a few hundred terms in float32. */
const FLOAT = 2e-5;

/** Codes of blocks as MatMulNBits has them, scales and packed zero points for `bits`. */
function blocks(n: number, k: number, size: number, bits: number, seed: number) {
  const count = Math.ceil(k / size);
  return {
    codes: bytes([n, count, (size * bits) / 8], seed),
    scales: randomFloats([n, count], seed + 1, 0.1),
    zeroPoints: bytes([n, Math.ceil((count * bits) / 8)], seed + 2),
  };
}

describe("weights in blocks", () => {
  const cases = [2, 4, 8].flatMap((bits) =>
    [64, 72].flatMap((k) => {
      const { codes, scales, zeroPoints } = blocks(5, k, 16, bits, bits + k);
      const attributes = { K: BigInt(k), N: 5n, bits: BigInt(bits), block_size: 16n };
      const a = randomFloats([2, 3, k], 1);
      const floats = randomFloats(scales.shape, 3, 8);
      const bias = randomFloats([5], 4);
      const one = (...rest: (HostTensor | undefined)[]) =>
        microsoftNode("MatMulNBits", [a, codes, scales, ...rest], attributes);
      return [
        [`MatMulNBits, ${bits} bits, K ${k}`, one()],
        [`MatMulNBits, ${bits} bits, K ${k}, zero points and bias`, one(zeroPoints, undefined, bias)],
        // onnxruntime takes float zero points for 4 bits alone.
        ...(bits === 4
          ? [[`MatMulNBits, ${bits} bits, K ${k}, float zero points`, one(floats)] as const]
          : []),
      ] as const;
    }),
  );
  test.each(cases)("%s", async (_, one) => {
    await expectLikeOnnxruntime(one, 1e-4);
  });

  test.each([0n, 1n])("MatMulBnb4, quant_type %s", async (type) => {
    const inputs = [randomFloats([3, 32], 1), bytes([(32 * 6) / 2], 2), randomFloats([(32 * 6) / 16], 3)];
    const attributes = { K: 32n, N: 6n, block_size: 16n, quant_type: type };
    await expectLikeOnnxruntime(microsoftNode("MatMulBnb4", inputs, attributes), 1e-4);
  });

  const indices = tensor("int64", [2, 2], [3, 0, -1, 2]);
  const table = (bits: number, zeroPoints: boolean) => [
    bytes([5, (64 * bits) / 8], 1),
    indices,
    randomFloats([5, 4], 2),
    zeroPoints ? bytes([5, Math.ceil((4 * bits) / 8)], 3) : undefined,
  ];
  test.each([4, 8].flatMap((bits) => [false, true].map((zeros) => [bits, zeros] as const)))(
    "GatherBlockQuantized, %s bits in bytes, zero points %s",
    async (bits, zeros) => {
      const attributes = { bits: BigInt(bits), block_size: 16n, quantize_axis: 1n, gather_axis: 0n };
      const one = microsoftNode("GatherBlockQuantized", table(bits, zeros), attributes);
      await expectLikeOnnxruntime({ ...one, constants: [0, 2, 3] }, FLOAT);
    },
  );

  test.each([
    [0n, 1n],
    [1n, 0n],
    [1n, 1n],
    [2n, 1n],
  ])("GatherBlockQuantized of int4, gather_axis %s, quantize_axis %s", async (gather, quantize) => {
    const data = tensor(
      "int4",
      [3, 32, 4],
      Array.from({ length: 384 }, (_, i) => ((i * 7) % 16) - 8),
    );
    const scales = randomFloats(quantize === 1n ? [3, 2, 4] : [1, 32, 4], 5);
    const zeros = tensor(
      "int4",
      scales.shape,
      Array.from({ length: scales.data.length }, (_, i) => (i % 5) - 2),
    );
    const attributes = { block_size: 16n, quantize_axis: quantize, gather_axis: gather };
    const picks = tensor("int64", [2], [2, -1]);
    const one = microsoftNode("GatherBlockQuantized", [data, picks, scales, zeros], attributes);
    await expectLikeOnnxruntime({ ...one, constants: [0, 2, 3] }, FLOAT);
  });
});

describe("fused floats", () => {
  const x = randomFloats([2, 5, 8], 1);
  const vector = (seed: number) => randomFloats([8], seed);
  const matrix = randomFloats([8, 6], 2);
  const image = randomFloats([1, 4, 6, 5], 3);
  const filters = randomFloats([4, 2, 3, 3], 4);
  const same = randomFloats([1, 4, 6, 5], 5);
  const pads = { group: 2n, pads: [1n, 1n, 1n, 1n] };
  const cases: readonly (readonly [string, OneNode])[] = [
    ["FusedMatMul", microsoftNode("FusedMatMul", [x, matrix], { alpha: 0.5 })],
    ["FusedMatMul, transB", microsoftNode("FusedMatMul", [x, randomFloats([6, 8], 2)], { transB: 1n })],
    [
      "FusedMatMul of activations, transA and transB",
      {
        ...microsoftNode("FusedMatMul", [x, randomFloats([2, 6, 5], 2)], {
          transA: 1n,
          transB: 1n,
          alpha: 3,
        }),
        constants: [],
      },
    ],
    [
      "FusedGemm",
      microsoftNode("FusedGemm", [randomFloats([3, 8], 1), matrix, randomFloats([6], 3)], {
        activation: "LeakyRelu",
        activation_alpha: 0.3,
      }),
    ],
    [
      "FusedConv with Relu",
      microsoftNode("FusedConv", [image, filters, randomFloats([4], 6)], { activation: "Relu", ...pads }),
    ],
    [
      "FusedConv with Clip",
      microsoftNode("FusedConv", [image, filters], {
        activation: "Clip",
        activation_params: new Float32Array([-0.5, 0.5]),
        ...pads,
      }),
    ],
    [
      "FusedConv with a sum",
      microsoftNode("FusedConv", [image, filters, randomFloats([4], 6), same], {
        activation: "Relu",
        ...pads,
      }),
    ],
    ["Gelu", microsoftNode("Gelu", [x])],
    ["BiasGelu", microsoftNode("BiasGelu", [x, vector(7)])],
    ["FastGelu", microsoftNode("FastGelu", [x])],
    ["FastGelu with bias", microsoftNode("FastGelu", [x, vector(7)])],
    ["QuickGelu", microsoftNode("QuickGelu", [x], { alpha: 1.5 })],
    [
      "SimplifiedLayerNormalization",
      microsoftNode("SimplifiedLayerNormalization", [x, vector(8)], { epsilon: 0.01 }, ["float32"], ""),
    ],
    [
      "SkipLayerNormalization",
      microsoftNode(
        "SkipLayerNormalization",
        [x, randomFloats([2, 5, 8], 9), vector(8), vector(10), vector(11)],
        { epsilon: 0.01 },
        ["float32", undefined, undefined, "float32"],
      ),
    ],
    [
      "SkipSimplifiedLayerNormalization",
      microsoftNode(
        "SkipSimplifiedLayerNormalization",
        [x, randomFloats([2, 5, 8], 9), vector(8), vector(10)],
        { epsilon: 0.01 },
        ["float32", undefined, undefined, "float32"],
      ),
    ],
    ...[false, true].map(
      (whole) =>
        [
          `EmbedLayerNormalization, all inputs ${whole}`,
          {
            ...microsoftNode(
              "EmbedLayerNormalization",
              [
                randomIntegers("int32", [2, 3], 1, 0, 9),
                whole ? randomIntegers("int32", [2, 3], 2, 0, 2) : undefined,
                randomFloats([9, 8], 3),
                randomFloats([6, 8], 4),
                whole ? randomFloats([2, 8], 5) : undefined,
                vector(6),
                vector(7),
                whole ? tensor("int32", [2, 3], [1, 1, 1, 1, 0, 0]) : undefined,
                whole ? tensor("int32", [2, 3], [0, 1, 2, 3, 4, 5]) : undefined,
              ],
              { epsilon: 0.01 },
              whole ? ["float32", "int32", "float32"] : ["float32", undefined, "float32"],
            ),
            constants: [2, 3, 4, 5, 6],
          },
        ] as const,
    ),
  ];
  test.each(cases)("%s", async (_, one) => {
    await expectLikeOnnxruntime(one, FLOAT);
  });
});
