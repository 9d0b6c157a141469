/** Operators of com.microsoft on codes equal onnxruntime, bit for bit where results are codes. */
import { scalar, tensor } from "@bitbudget/core";
import { describe, test } from "vitest";
import { expectLikeOnnxruntime } from "../support/against-onnxruntime.ts";
import { bytes, microsoftNode, scale, zero } from "../support/microsoft-cases.ts";
import type { OneNode } from "../support/one-node.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

const everyByte = tensor(
  "uint8",
  [256],
  Array.from({ length: 256 }, (_, i) => i),
);
const everySigned = tensor(
  "int8",
  [256],
  Array.from({ length: 256 }, (_, i) => i - 128),
);

/** Codes must be equal. */
const EXACT = 0.5;

describe("codes", () => {
  const cases: readonly (readonly [string, OneNode])[] = [
    ...[
      [0.5, 0.25, 1, 3, 7, 5],
      [0.02, 0.02, 0.04, 0, 0, 3],
      [0.1, 0.2, 0.15, 128, 100, 121],
    ].flatMap(([a = 1, b = 1, y = 1, za = 0, zb = 0, zy = 0], i) =>
      ["QLinearAdd", "QLinearMul"].map((opType) => {
        const inputs = [bytes([9, 64], i), scale(a), zero(za), bytes([64], i + 9), scale(b), zero(zb)];
        return [
          `${opType} ${i}`,
          microsoftNode(opType, [...inputs, scale(y), zero(zy)], {}, ["uint8"]),
        ] as const;
      }),
    ),
    [
      "QLinearSigmoid",
      microsoftNode("QLinearSigmoid", [everyByte, scale(0.05), zero(100), scale(0.01), zero(3)], {}, [
        "uint8",
      ]),
    ],
    [
      "QLinearSigmoid of int8",
      microsoftNode(
        "QLinearSigmoid",
        [everySigned, scale(0.05), scalar("int8", 3), scale(1 / 256), scalar("int8", -128)],
        {},
        ["int8"],
      ),
    ],
    [
      "QLinearLeakyRelu",
      microsoftNode(
        "QLinearLeakyRelu",
        [everyByte, scale(0.25), zero(7), scale(0.5), zero(5)],
        { alpha: 0.3 },
        ["uint8"],
      ),
    ],
    [
      "QLinearConcat",
      {
        ...microsoftNode(
          "QLinearConcat",
          [
            scale(0.5),
            zero(3),
            bytes([2, 5], 1),
            scale(0.25),
            zero(7),
            bytes([2, 4], 2),
            scale(0.5),
            zero(3),
          ],
          { axis: -1n },
          ["uint8"],
        ),
        constants: [0, 1, 3, 4, 6, 7],
      },
    ],
    ...[13n, 11n].map(
      (opset) =>
        [
          `QLinearSoftmax of opset ${opset}`,
          microsoftNode(
            "QLinearSoftmax",
            [bytes([3, 4, 10], 3), scale(0.05), zero(128), scale(1 / 256), zero(0)],
            { opset, axis: 1n },
            ["uint8"],
          ),
        ] as const,
    ),
    ...[0n, 1n].map(
      (last) =>
        [
          `QLinearAveragePool, channels_last ${last}`,
          microsoftNode(
            "QLinearAveragePool",
            [bytes([2, 7, 6, 5], 4), scale(0.25), zero(7), scale(0.5), zero(5)],
            {
              kernel_shape: [3n, 2n],
              strides: [2n, 1n],
              pads: [1n, 0n, 1n, 1n],
              count_include_pad: 1n,
              channels_last: last,
            },
            ["uint8"],
          ),
        ] as const,
    ),
    ...[0n, 1n].map(
      (last) =>
        [
          `QLinearGlobalAveragePool, channels_last ${last}`,
          microsoftNode(
            "QLinearGlobalAveragePool",
            [bytes([2, 7, 6, 5], 5), scale(0.1), zero(120), scale(0.02), zero(7)],
            { channels_last: last },
            ["uint8"],
          ),
        ] as const,
    ),
    ...[
      [2, 8, 9, 4],
      [2, 9, 4],
    ].map(
      (shape) =>
        [
          `QLinearConv, channels last, ${shape.length - 2} axes`,
          microsoftNode(
            "QLinearConv",
            [
              bytes(shape, 6),
              scale(0.02),
              zero(130),
              randomIntegers("int8", [6, 2, ...(shape.length === 4 ? [3, 3] : [3])], 7, -127, 128),
              tensor("float32", [6], [0.01, 0.02, 0.03, 0.01, 0.02, 0.03]),
              tensor("int8", [6]),
              scale(0.1),
              zero(7),
              randomIntegers("int32", [6], 8, -500, 500),
            ],
            { group: 2n, channels_last: 1n, pads: shape.length === 4 ? [1n, 1n, 1n, 1n] : [1n, 1n] },
            ["uint8"],
          ),
        ] as const,
    ),
    [
      "QGemm with a matrix to add",
      microsoftNode(
        "QGemm",
        [
          bytes([5, 4], 9),
          scale(0.02),
          zero(120),
          randomIntegers("int8", [6, 5], 10, -127, 128),
          tensor("float32", [6], [0.01, 0.02, 0.03, 0.01, 0.02, 0.03]),
          tensor("int8", [6]),
          randomIntegers("int32", [4, 6], 11, -900, 900),
          scale(0.07),
          zero(9),
        ],
        { transA: 1n, transB: 1n, alpha: 0.5 },
        ["uint8"],
      ),
    ],
  ];
  test.each(cases)("%s", async (_, one) => {
    await expectLikeOnnxruntime(one, EXACT);
  });
});

describe("products of codes with float results", () => {
  const weight = randomIntegers("int8", [8, 6], 2, -127, 128);
  const channelScales = tensor("float32", [6], [0.01, 0.02, 0.03, 0.01, 0.02, 0.03]);
  const zeros = tensor("int8", [6], [1, -2, 3, 0, 5, 6]);
  const cases: readonly (readonly [string, OneNode])[] = [
    [
      "MatMulIntegerToFloat",
      microsoftNode("MatMulIntegerToFloat", [
        bytes([3, 8], 1),
        weight,
        scale(0.02),
        channelScales,
        zero(117),
        zeros,
        randomFloats([6], 4),
      ]),
    ],
    [
      "MatMulIntegerToFloat whose scale comes with the run",
      {
        ...microsoftNode("MatMulIntegerToFloat", [
          bytes([3, 8], 1),
          weight,
          scale(0.02),
          channelScales,
          zero(117),
          zeros,
        ]),
        constants: [1, 3, 5],
      },
    ],
    [
      "DynamicQuantizeMatMul",
      microsoftNode("DynamicQuantizeMatMul", [
        randomFloats([3, 8], 1),
        weight,
        channelScales,
        zeros,
        randomFloats([6], 4),
      ]),
    ],
    [
      "DynamicQuantizeMatMul, one scale",
      microsoftNode("DynamicQuantizeMatMul", [randomFloats([3, 8], 1), weight, scale(0.02)]),
    ],
  ];
  test.each(cases)("%s", async (_, one) => {
    await expectLikeOnnxruntime(one, 1e-4);
  });
});
