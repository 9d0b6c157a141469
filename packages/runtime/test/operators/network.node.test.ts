/** Convolutions, products, pools and normalizations equal onnxruntime in every attribute, old operator sets included. */
import { type DType, type HostTensor, scalar, tensor } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import { describe, test } from "vitest";
import { expectLikeOnnxruntime } from "../support/against-onnxruntime.ts";
import type { OneNode } from "../support/one-node.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

type Attributes = Readonly<Record<string, AttributeValue>>;
type Case = readonly [string, OneNode];

const ints = (...values: number[]) => values.map(BigInt);

interface Options {
  readonly attributes?: Attributes;
  readonly outputs?: readonly (DType | undefined)[];
  readonly opset?: number;
  /** Default: all inputs but the first. */
  readonly constants?: readonly number[];
}

function node(
  opType: string,
  inputs: readonly (HostTensor | undefined)[],
  {
    attributes = {},
    outputs = ["float32"],
    opset = 21,
    constants = inputs.map((_, i) => i).slice(1),
  }: Options = {},
): OneNode {
  return { opType, inputs, attributes, outputs, opset, constants };
}

async function expectEqual(one: OneNode): Promise<void> {
  await expectLikeOnnxruntime(one, 2e-5);
}

/** Shapes of 1, 2 and 3 spatial axes. */
const axes = [[9], [7, 6], [5, 4, 6]];
const each = (spatial: readonly number[], value: number) => spatial.map(() => BigInt(value));

describe("Conv", () => {
  const cases: Case[] = axes.flatMap((spatial) => {
    const x = randomFloats([2, 4, ...spatial], 1);
    const w = randomFloats([6, 2, ...spatial.map((_, i) => 2 + (i % 2))], 2);
    const bias = randomFloats([6], 3);
    const both = (value: number) => [...each(spatial, value), ...each(spatial, value)];
    const variants: readonly (readonly [string, Attributes])[] = [
      ["pads and strides", { pads: both(1), strides: each(spatial, 2) }],
      ["dilations", { pads: both(2), dilations: each(spatial, 2) }],
      ["SAME_UPPER", { auto_pad: "SAME_UPPER", strides: each(spatial, 2) }],
      ["SAME_LOWER", { auto_pad: "SAME_LOWER" }],
      ["VALID", { auto_pad: "VALID" }],
    ];
    return variants.map(
      ([name, attributes]): Case => [
        `${spatial.length} axes, ${name}`,
        node("Conv", [x, w, bias], { attributes: { group: 2n, ...attributes } }),
      ],
    );
  });
  test.each(cases)("%s", async (_, one) => expectEqual(one));
  test("of a bias that comes with the run", async () => {
    const inputs = [randomFloats([1, 3, 8], 1), randomFloats([4, 3, 3], 2), randomFloats([4], 3)];
    await expectEqual(node("Conv", inputs, { constants: [1] }));
  });
});

describe("ConvTranspose", () => {
  const cases: Case[] = [[9], [5, 4], [3, 2, 3]].flatMap((spatial) => {
    const x = randomFloats([2, 4, ...spatial], 1);
    const w = randomFloats([4, 3, ...spatial.map((_, i) => 4 - (i % 2))], 2);
    const bias = randomFloats([6], 3);
    const both = (value: number) => [...each(spatial, value), ...each(spatial, value)];
    const variants: readonly (readonly [string, Attributes])[] = [
      ["defaults", {}],
      ["stride 2", { strides: each(spatial, 2), pads: both(1) }],
      ["stride 3 and output_padding", { strides: each(spatial, 3), output_padding: each(spatial, 2) }],
      ["stride 5, wider than the window", { strides: each(spatial, 5), output_padding: each(spatial, 1) }],
      ["dilations", { dilations: each(spatial, 2), strides: each(spatial, 2), pads: both(3) }],
      ["SAME_UPPER", { auto_pad: "SAME_UPPER", strides: each(spatial, 2) }],
      ["SAME_LOWER", { auto_pad: "SAME_LOWER", strides: each(spatial, 2) }],
      [
        "output_shape",
        { strides: each(spatial, 3), output_shape: spatial.map((length) => BigInt(3 * length - 1)) },
      ],
    ];
    return variants.map(
      ([name, attributes]): Case => [
        `${spatial.length} axes, ${name}`,
        node("ConvTranspose", [x, w, bias], { attributes: { group: 2n, ...attributes } }),
      ],
    );
  });
  test.each(cases)("%s", async (_, one) => expectEqual(one));
  test("of a bias that comes with the run", async () => {
    const inputs = [randomFloats([1, 3, 8], 1), randomFloats([3, 4, 3], 2), randomFloats([4], 3)];
    await expectEqual(node("ConvTranspose", inputs, { attributes: { strides: ints(2) }, constants: [1] }));
  });
});

describe("DeformConv", () => {
  // Pads, strides and dilations of 2 or 1 on a 7 x 6 image make 4 x 3 windows.
  const inputs = [
    randomFloats([2, 4, 7, 6], 1),
    randomFloats([6, 2, 3, 3], 2),
    randomFloats([2, 36, 4, 3], 3, 2),
    randomFloats([6], 4),
    randomFloats([2, 18, 4, 3], 5),
  ];
  const attributes = {
    group: 2n,
    offset_group: 2n,
    pads: ints(1, 1, 1, 1),
    strides: ints(2, 2),
    kernel_shape: ints(3, 3),
  };
  test.each([
    ["with a mask", inputs],
    ["without bias and mask", inputs.slice(0, 3)],
  ])("%s", async (_, given) => expectEqual(node("DeformConv", given, { attributes, opset: 19 })));
});

describe("codes", () => {
  const bytes = (shape: readonly number[], seed: number) => randomIntegers("uint8", shape, seed, 0, 256);
  const cases: Case[] = axes.flatMap((spatial) => {
    const window = spatial.map(() => 3);
    const w = randomIntegers("int8", [6, 2, ...window], 2, -127, 128);
    const scales = tensor("float32", [6], [0.01, 0.02, 0.03, 0.01, 0.02, 0.03]);
    const inputs = [bytes([2, 4, ...spatial], 1), scalar("float32", 0.02), scalar("uint8", 120), w, scales];
    const rest = [tensor("int8", [6]), scalar("float32", 0.1), scalar("uint8", 7)];
    const pads = [...each(spatial, 1), ...each(spatial, 1)];
    const attributes = { group: 2n, pads };
    const bias = randomIntegers("int32", [6], 3, -900, 900);
    return [
      [
        `QLinearConv over ${spatial.length} axes`,
        node("QLinearConv", [...inputs, ...rest, bias], { attributes, outputs: ["uint8"] }),
      ],
      [
        `ConvInteger over ${spatial.length} axes, its zero point from the run`,
        node("ConvInteger", [bytes([2, 4, ...spatial], 1), w, scalar("uint8", 120), scalar("int8", 3)], {
          attributes,
          outputs: ["int32"],
          constants: [1, 3],
        }),
      ],
    ];
  });
  test.each(cases)("%s", async (_, one) => expectLikeOnnxruntime(one, 0.5));
});

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
