/** Products, pools and normalizations equal onnxruntime in every attribute, old operator sets included. */
import { tensor } from "@bitbudget/core";
import { describe, test } from "vitest";
import { type Attributes, axes, type Case, each, expectEqual, ints, node } from "../support/node-cases.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

describe("products", () => {
  const cases: Case[] = [
    ...(
      [
        [
          [3, 4],
          [4, 5],
        ],
        [
          [2, 3, 4],
          [4, 5],
        ],
        [
          [2, 3, 4],
          [2, 4, 5],
        ],
        [
          [3, 1, 2, 4],
          [2, 4, 5],
        ],
        [[4], [4, 5]],
        [[3, 4], [4]],
        [[4], [4]],
        [[2, 3, 4], [4]],
        [[4], [2, 4, 3]],
      ] as const
    ).flatMap(([a, b]) =>
      [[], [1]].map(
        (constants): Case => [
          `MatMul of [${a}] and ${constants.length > 0 ? "constant " : ""}[${b}]`,
          node("MatMul", [randomFloats(a, 1), randomFloats(b, 2)], { constants }),
        ],
      ),
    ),
    ...(["int32", "int64"] as const).map(
      (dtype): Case => [
        `MatMul of ${dtype}`,
        node(
          "MatMul",
          [randomIntegers(dtype, [2, 3, 4], 1, -99, 99), randomIntegers(dtype, [4, 5], 2, -99, 99)],
          {
            outputs: [dtype],
          },
        ),
      ],
    ),
    ...[[6], [1, 6], [4, 1], [], [1], [4, 6]].flatMap((c) =>
      [[], [1, 2]].map(
        (constants): Case => [
          `Gemm with ${constants.length > 0 ? "constant " : ""}C of [${c}]`,
          node("Gemm", [randomFloats([4, 5], 1), randomFloats([5, 6], 2), randomFloats(c, 3)], { constants }),
        ],
      ),
    ),
    ...[[], [1, 2]].flatMap((constants) =>
      [
        { transA: 1n, alpha: 0.5 },
        { transB: 1n, beta: 2 },
        { transA: 1n, transB: 1n, alpha: 3, beta: 0 },
      ].map((attributes): Case => {
        const a = randomFloats("transA" in attributes ? [5, 4] : [4, 5], 1);
        const b = randomFloats("transB" in attributes ? [6, 5] : [5, 6], 2);
        const name = JSON.stringify(attributes, (_, value: unknown) =>
          typeof value === "bigint" ? 1 : value,
        );
        return [
          `Gemm ${name}, ${constants.length} constants`,
          node("Gemm", [a, b, randomFloats([6], 3)], { attributes, constants }),
        ];
      }),
    ),
  ];
  test.each(cases)("%s", async (_, one) => expectEqual(one));
});

describe("pools", () => {
  const cases: Case[] = axes.flatMap((spatial) => {
    const x = randomFloats([2, 3, ...spatial], 1);
    const both = (value: number) => [...each(spatial, value), ...each(spatial, value)];
    const kernel_shape = each(spatial, 3);
    const variants: readonly (readonly [string, Attributes])[] = [
      ["pads", { pads: both(1) }],
      ["strides", { strides: each(spatial, 2) }],
      ["ceil_mode", { strides: each(spatial, 2), pads: both(1), ceil_mode: 1n }],
      ["SAME_UPPER", { auto_pad: "SAME_UPPER", strides: each(spatial, 2) }],
      ["SAME_LOWER", { auto_pad: "SAME_LOWER", strides: each(spatial, 2) }],
    ];
    return variants.flatMap(([name, own]): Case[] => {
      const attributes = { kernel_shape, ...own };
      const label = `over ${spatial.length} axes, ${name}`;
      return [
        [`MaxPool ${label}`, node("MaxPool", [x], { attributes })],
        [
          `MaxPool with indices ${label}`,
          node("MaxPool", [x], { attributes, outputs: ["float32", "int64"] }),
        ],
        [`AveragePool ${label}`, node("AveragePool", [x], { attributes })],
        [
          `AveragePool with padding ${label}`,
          node("AveragePool", [x], { attributes: { ...attributes, count_include_pad: 1n } }),
        ],
        [`LpPool ${label}`, node("LpPool", [x], { attributes: { ...attributes, p: 3n }, opset: 18 })],
      ];
    });
  });
  const image = randomFloats([2, 3, 7, 6], 1, 5);
  const more: Case[] = [
    [
      "MaxPool, column major indices",
      node("MaxPool", [image], {
        attributes: { kernel_shape: ints(2, 3), storage_order: 1n },
        outputs: ["float32", "int64"],
      }),
    ],
    [
      "MaxPool of codes over three axes",
      node("MaxPool", [randomIntegers("uint8", [1, 2, 4, 4, 4], 1, 0, 256)], {
        attributes: { kernel_shape: ints(2, 2, 2) },
        outputs: ["uint8"],
      }),
    ],
    [
      "MaxPool, dilations",
      node("MaxPool", [image], { attributes: { kernel_shape: ints(2, 2), dilations: ints(2, 3) } }),
    ],
    ...["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"].map(
      (opType): Case => [opType, node(opType, [image])],
    ),
    ["GlobalLpPool, p 3", node("GlobalLpPool", [image], { attributes: { p: 3n } })],
  ];
  test.each([...cases, ...more])("%s", async (_, one) => expectEqual(one));
});

describe("normalizations", () => {
  const x = randomFloats([2, 6, 5, 4], 1, 6);
  const six = (seed: number) => randomFloats([6], seed);
  const positive = tensor("float32", [6], [0.5, 1, 2, 0.1, 3, 1.5]);
  const known: readonly number[] = [1, 2, 3, 4];
  const cases: Case[] = [
    ...[[], known].flatMap((constants) =>
      [7, 9, 14].map(
        (opset): Case => [
          `BatchNormalization of opset ${opset}, ${constants.length} constants`,
          node("BatchNormalization", [x, six(2), six(3), six(4), positive], { opset, constants }),
        ],
      ),
    ),
    [
      "BatchNormalization, training",
      node("BatchNormalization", [x, six(2), six(3), six(4), positive], {
        opset: 15,
        attributes: { training_mode: 1n, momentum: 0.7 },
        outputs: ["float32", "float32", "float32"],
      }),
    ],
    [
      "InstanceNormalization",
      node("InstanceNormalization", [x, six(2), six(3)], { attributes: { epsilon: 0.01 } }),
    ],
    ...[18, 21].map(
      (opset): Case => [
        `GroupNormalization of opset ${opset}`,
        node(
          "GroupNormalization",
          [x, randomFloats([opset === 18 ? 3 : 6], 2), randomFloats([opset === 18 ? 3 : 6], 3)],
          {
            opset,
            attributes: { num_groups: 3n, epsilon: 0.01 },
          },
        ),
      ],
    ),
    ...[[], [1, 2]].flatMap((constants) =>
      [-1, 1, 2].map((axis): Case => {
        const shape = x.shape.slice(axis);
        return [
          `LayerNormalization from axis ${axis}, ${constants.length} constants, with statistics`,
          node("LayerNormalization", [x, randomFloats(shape, 2), randomFloats(shape, 3)], {
            attributes: { axis: BigInt(axis), epsilon: 0.01 },
            outputs: ["float32", "float32", "float32"],
            constants,
          }),
        ];
      }),
    ),
    [
      "RMSNormalization",
      node("RMSNormalization", [x, randomFloats([4], 2)], { opset: 23, attributes: { epsilon: 0.01 } }),
    ],
    ...[1, 2].map(
      (p): Case => [
        `LpNormalization, p ${p}`,
        node("LpNormalization", [x], { attributes: { axis: 1n, p: BigInt(p) } }),
      ],
    ),
    ["LRN", node("LRN", [x], { attributes: { size: 3n, alpha: 0.5, beta: 0.6, bias: 1.5 } })],
    ["MeanVarianceNormalization", node("MeanVarianceNormalization", [x])],
    ...["Softmax", "LogSoftmax", "Hardmax"].flatMap((opType) =>
      [11, 13].flatMap((opset) =>
        [{}, { axis: 2n }, { axis: -2n }].map(
          (attributes, i): Case => [
            `${opType} of opset ${opset}, axis ${["default", "2", "-2"][i]}`,
            node(opType, [x], { opset, attributes }),
          ],
        ),
      ),
    ),
  ];
  test.each(cases)("%s", async (_, one) => expectEqual(one));
});
