/**
 * Products of codes beyond the suite: sizes around the edges of quads, panels, tiles and blocks of rows; every form
 * in which activations come.
 */
import type { KernelSpec, MatmulAttributes, WeightedAttributes } from "@bitbudget/backend";
import { type Case, type CaseData, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

type Formats = readonly [activation: "uint8" | "int8" | "float32", attributes: WeightedAttributes];

const channel = { kind: "channel" } as const;
const formats: readonly Formats[] = [
  ["uint8", { weight: { dtype: "int8", granularity: channel }, bias: "int32", output: "uint8" }],
  [
    "int8",
    {
      weight: { dtype: "int8", granularity: channel },
      output: "int8",
      activation: { fn: "clip", min: -20, max: 30 },
    },
  ],
  ["int8", { weight: { dtype: "uint8", granularity: channel, zeroPoint: true }, output: "int32" }],
  [
    "int8",
    { weight: { dtype: "int8", granularity: channel, zeroPoint: true }, bias: "float32", output: "float32" },
  ],
  [
    "float32",
    {
      weight: { dtype: "uint8", granularity: channel },
      output: "float32",
      dynamic: { dtype: "uint8", granularity: "tensor" },
    },
  ],
];
const byRow: Formats = [
  "float32",
  {
    weight: { dtype: "int8", granularity: channel },
    output: "float32",
    dynamic: { dtype: "int8", granularity: "row" },
  },
];

/** Scales with which codes of the output fill their range, and steps of about one. */
function dataFor(depth: number): CaseData {
  return {
    weights: {
      inputScale: { values: [0.01] },
      scale: { min: 0.5, max: 1.5 },
      outputScale: { values: [Math.sqrt(depth)] },
    },
  };
}

/** Rows, depth, channels. */
const sizes = [
  [1, 5, 31],
  [1, 64, 40],
  [2, 7, 17],
  [3, 33, 8],
  [5, 16, 9],
  [7, 130, 25],
  [11, 4, 24],
  [23, 12, 16],
  [199, 3, 5],
  [400, 18, 10],
  [3, 4099, 9],
  [13, 20000, 8],
] as const;

const linears: readonly Case[] = sizes.flatMap(([rows, depth, channels]) =>
  [...formats, byRow].map(([activation, attributes], i) =>
    defineCase(
      `linear/codes/${rows}x${depth}to${channels}/${i}`,
      {
        op: "linear",
        inputs: [{ dtype: activation, shape: [rows, depth] }],
        attributes: { ...attributes, channels },
      },
      dataFor(depth),
    ),
  ),
);

type Geometry = Omit<KernelSpec<"conv2d">["attributes"], keyof WeightedAttributes>;
const plain = { layout: "nhwc", dilations: [1, 1], strides: [1, 1], pads: [1, 1, 1, 1], groups: 1 } as const;
const images: readonly (readonly [channels: number, Geometry])[] = [
  [3, { ...plain, kernel: [3, 3], strides: [2, 2], channels: 17 }],
  [20, { ...plain, kernel: [3, 3], channels: 9 }],
  [12, { ...plain, kernel: [3, 2], dilations: [2, 3], channels: 15, groups: 3 }],
  [6, { ...plain, kernel: [1, 1], pads: [0, 0, 0, 0], channels: 50, groups: 2 }],
  [5, { ...plain, kernel: [3, 3], channels: 15, groups: 5 }],
  [9, { ...plain, kernel: [1, 1], strides: [2, 1], channels: 8, layout: "nchw" }],
];

const convolutions: readonly Case[] = images.flatMap(([depth, geometry], i) =>
  formats.map(([activation, attributes], j) => {
    const shape = geometry.layout === "nhwc" ? [2, 11, 13, depth] : [2, depth, 11, 13];
    return defineCase(
      `conv2d/codes/${i}/${j}`,
      { op: "conv2d", inputs: [{ dtype: activation, shape }], attributes: { ...attributes, ...geometry } },
      dataFor(depth * geometry.kernel[0] * geometry.kernel[1]),
    );
  }),
);

/** Batch, rows, depth, columns. */
const matmulSizes = [
  [1, 1, 5, 31],
  [3, 2, 7, 16],
  [2, 60, 33, 9],
  [4, 5, 64, 40],
  [1, 13, 2, 1],
  [2, 3, 6, 150],
  [2, 3, 1, 8],
] as const;

const products: readonly Case[] = matmulSizes.flatMap(([batch, m, k, n], i) =>
  (["uint8", "int8"] as const).flatMap((b) =>
    (["int32", "float32", "int8"] as const).map((output, j) => {
      const [transposeA, transposeB] = [(i + j) % 2 === 1, j % 2 === 0];
      const attributes: MatmulAttributes = { output, transposeA, transposeB };
      return defineCase(`matmul/codes/${batch}x${m}x${k}x${n}/${b}/${output}`, {
        op: "matmul",
        inputs: [
          { dtype: b === "int8" ? "uint8" : "int8", shape: [batch, ...(transposeA ? [k, m] : [m, k])] },
          { dtype: b, shape: [...(j === 2 ? [] : [batch]), ...(transposeB ? [n, k] : [k, n])] },
        ],
        attributes,
      });
    }),
  ),
);

describeInPieces([...linears, ...convolutions, ...products], ["simd", "relaxed", "relaxed-seven"]);
