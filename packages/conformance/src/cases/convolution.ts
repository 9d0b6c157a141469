/** Cases of convolution: all three products over every kind of window, in groups, on odd sizes. */
import type { ConvolutionAttributes } from "@bitbudget/backend";
import { windowCount } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { shaped, values } from "./helpers.ts";

interface Geometry extends Omit<ConvolutionAttributes, "wants" | "size"> {
  readonly name: string;
  /** Batch, channels, height, width. */
  readonly image: readonly [number, number, number, number];
  readonly filters: number;
}

const plain = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 } as const;
const geometries: readonly Geometry[] = [
  { name: "1x1", image: [2, 5, 3, 7], filters: 4, ...plain, kernel: [1, 1] },
  { name: "1x1-stride2", image: [1, 4, 7, 6], filters: 3, ...plain, kernel: [1, 1], strides: [2, 2] },
  { name: "3x3", image: [1, 1, 5, 5], filters: 1, ...plain, kernel: [3, 3] },
  { name: "3x3-same", image: [2, 3, 8, 9], filters: 5, ...plain, kernel: [3, 3], pads: [1, 1, 1, 1] },
  // The width of the vectors and their remainders.
  { name: "3x3-same-wide", image: [1, 4, 3, 33], filters: 9, ...plain, kernel: [3, 3], pads: [1, 1, 1, 1] },
  {
    name: "3x3-stride2",
    image: [2, 4, 9, 8],
    filters: 6,
    ...plain,
    kernel: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  },
  // More images than a backend may take together, and a number that is not even.
  {
    name: "3x3-stride2-images",
    image: [5, 1, 32, 32],
    filters: 1,
    ...plain,
    kernel: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  },
  // A last row and column that no window sees.
  { name: "2x2-stride2-rest", image: [1, 2, 7, 9], filters: 3, ...plain, kernel: [2, 2], strides: [2, 2] },
  {
    name: "3x3-stride2-asymmetric",
    image: [1, 3, 6, 7],
    filters: 2,
    ...plain,
    kernel: [3, 3],
    strides: [2, 2],
    pads: [0, 0, 1, 1],
  },
  {
    name: "3x2-dilated",
    image: [1, 2, 7, 9],
    filters: 3,
    ...plain,
    kernel: [3, 2],
    dilations: [2, 3],
    pads: [2, 0, 1, 3],
  },
  { name: "2x3-stride3x1", image: [1, 2, 8, 7], filters: 2, ...plain, kernel: [2, 3], strides: [3, 1] },
  { name: "groups2", image: [2, 4, 5, 6], filters: 6, ...plain, kernel: [3, 3], groups: 2 },
  {
    name: "groups3-stride2",
    image: [1, 6, 7, 7],
    filters: 3,
    ...plain,
    kernel: [3, 3],
    groups: 3,
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  },
  {
    name: "depthwise",
    image: [2, 5, 6, 17],
    filters: 5,
    ...plain,
    kernel: [3, 3],
    groups: 5,
    pads: [1, 1, 1, 1],
  },
  {
    name: "depthwise-stride2",
    image: [1, 6, 9, 7],
    filters: 6,
    ...plain,
    kernel: [3, 3],
    groups: 6,
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  },
  {
    name: "depthwise-5x5",
    image: [1, 4, 8, 9],
    filters: 4,
    ...plain,
    kernel: [5, 5],
    groups: 4,
    pads: [2, 2, 2, 2],
  },
  // Two filters for each channel.
  { name: "depthwise-twice", image: [1, 3, 5, 5], filters: 6, ...plain, kernel: [3, 3], groups: 3 },
  { name: "1x7", image: [1, 3, 2, 9], filters: 2, ...plain, kernel: [1, 7], pads: [0, 3, 0, 3] },
  { name: "whole-image", image: [3, 4, 5, 5], filters: 7, ...plain, kernel: [5, 5] },
  // More filters and channels than registers hold, and a sum of many terms.
  {
    name: "17-to-18",
    image: [2, 17, 6, 6],
    filters: 18,
    ...plain,
    kernel: [3, 3],
    pads: [1, 1, 1, 1],
  },
];

const products = ["output", "input", "filter"] as const;

function convolved(
  name: string,
  dtype: DType,
  { image, filters, ...attributes }: Omit<Geometry, "name">,
  wants: (typeof products)[number],
  data: CaseData = {},
): Case {
  const { kernel, strides, dilations, pads, groups } = attributes;
  const [batch, channels, height, width] = image;
  const rows = windowCount(height, kernel[0], strides[0], dilations[0], pads[0], pads[2]);
  const columns = windowCount(width, kernel[1], strides[1], dilations[1], pads[1], pads[3]);
  const x = shaped(dtype, ...image);
  const filter = shaped(dtype, filters, channels / groups, ...kernel);
  const y = shaped(dtype, batch, filters, rows, columns);
  const inputs = { output: [x, filter], input: [y, filter], filter: [x, y] }[wants];
  const size = wants === "input" ? { size: [height, width] as const } : {};
  return defineCase(
    `convolution/${wants}/${dtype}/${name}`,
    { op: "convolution", inputs, attributes: { ...attributes, wants, ...size } },
    data,
  );
}

/** 2 x 3 elements under a window of 1 x 2. */
const small = { image: [1, 1, 2, 3], filters: 1, ...plain, kernel: [1, 2] } as const;
/** A window of 2 in two steps of 2 over 1 0 | 2 3 | 4 with a zero before. */
const strided = {
  image: [1, 1, 1, 4],
  filters: 1,
  ...plain,
  kernel: [1, 2],
  strides: [1, 2],
  pads: [0, 1, 0, 0],
} as const;

export const convolution: readonly Case[] = [
  ...products.flatMap((wants) =>
    geometries.map(({ name, ...geometry }) => convolved(name, "float32", geometry, wants)),
  ),
  ...products.flatMap((wants) =>
    geometries
      .filter(({ name }) => ["3x3-stride2", "3x2-dilated", "groups2", "depthwise"].includes(name))
      .map(({ name, ...geometry }) => convolved(name, "float64", geometry, wants)),
  ),
  ...products.map((wants) => convolved("empty-batch", "float32", { ...small, image: [0, 1, 2, 3] }, wants)),
  // x = [1 2 3; 4 5 6], filter = [10 1], dy = [1 2; 3 4]
  convolved("by-hand", "float32", small, "output", {
    inputs: [values(1, 2, 3, 4, 5, 6), values(10, 1)],
    expected: [[12, 23, 45, 56]],
  }),
  convolved("by-hand", "float32", small, "input", {
    inputs: [values(1, 2, 3, 4), values(10, 1)],
    expected: [[10, 21, 2, 30, 43, 4]],
  }),
  convolved("by-hand", "float32", small, "filter", {
    inputs: [values(1, 2, 3, 4, 5, 6), values(1, 2, 3, 4)],
    expected: [[1 + 4 + 12 + 20, 2 + 6 + 15 + 24]],
  }),
  // Windows see 0 1 and 2 3; the last element of x = [1 2 3 4] is in none.
  convolved("by-hand-strided", "float32", strided, "output", {
    inputs: [values(1, 2, 3, 4), values(10, 1)],
    expected: [[1, 23]],
  }),
  convolved("by-hand-strided", "float32", strided, "input", {
    inputs: [values(5, 7), values(10, 1)],
    expected: [[5, 70, 7, 0]],
  }),
  convolved("by-hand-strided", "float32", strided, "filter", {
    inputs: [values(1, 2, 3, 4), values(5, 7)],
    expected: [[14, 5 + 21]],
  }),
  // Two groups of one channel: each filter sees its own.
  ...(
    [
      ["output", [values(1, 2), values(3, 5)], [3, 10]],
      ["input", [values(7, 11), values(3, 5)], [21, 55]],
      ["filter", [values(1, 2), values(7, 11)], [7, 22]],
    ] as const
  ).map(([wants, inputs, expected]) =>
    convolved(
      "by-hand-groups",
      "float32",
      { image: [1, 2, 1, 1], filters: 2, ...plain, kernel: [1, 1], groups: 2 },
      wants,
      { inputs, expected: [expected] },
    ),
  ),
  // The gradient of a filter is summed over the batch.
  convolved(
    "by-hand-batch",
    "float32",
    { image: [3, 1, 1, 1], filters: 1, ...plain, kernel: [1, 1] },
    "filter",
    { inputs: [values(1, 2, 3), values(10, 100, 1000)], expected: [[3210]] },
  ),
  ...([[Number.NaN], [Number.POSITIVE_INFINITY]] as const).map(([special]) =>
    convolved(`not-finite/${special}`, "float32", small, "output", {
      inputs: [values(1, 2, 3, 4, special, 6), values(10, 1)],
      expected: [[12, 23, special, special]],
    }),
  ),
];
