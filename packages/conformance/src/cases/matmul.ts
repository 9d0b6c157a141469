/** Cases of matmul: formats, transposed operands, batches that broadcast, and the edges. */
import type { MatmulAttributes } from "@bitbudget/backend";
import { type DType, dtypes } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { floats, shaped, shapeName, values } from "./helpers.ts";
import { spread } from "./pairwise.ts";

interface Geometry {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** As they multiply: transposed operands are stored the other way around. */
const geometries: readonly Geometry[] = [
  { a: [1, 1], b: [1, 1] },
  { a: [1, 2], b: [2, 3] },
  { a: [2, 3], b: [3, 1] },
  { a: [3, 7], b: [7, 8] },
  { a: [8, 9], b: [9, 7] },
  { a: [5, 16], b: [16, 17] },
  { a: [1, 31], b: [31, 33] },
  { a: [9, 33], b: [33, 4] },
  { a: [2, 65], b: [65, 9] },
  { a: [2, 3, 4], b: [2, 4, 5] },
  { a: [3, 4], b: [2, 4, 5] },
  { a: [2, 3, 4], b: [4, 5] },
  { a: [2, 1, 3, 4], b: [3, 4, 2] },
  { a: [1, 2, 3], b: [2, 2, 3, 1] },
];

const bytes = ["uint8", "int8"] as const;
const operands = [
  ...floats.map((dtype) => ({ a: dtype, b: dtype, output: dtype }) as const),
  ...bytes.flatMap((a) =>
    bytes.flatMap((b) =>
      (["int32", "float32", "uint8", "int8"] as const).map((output) => ({ a, b, output })),
    ),
  ),
];

function product(
  name: string,
  a: DType,
  b: DType,
  { a: left, b: right }: Geometry,
  attributes: MatmulAttributes,
  data: CaseData,
) {
  const inputs = [
    shaped(a, ...(attributes.transposeA ? swapped(left) : left)),
    shaped(b, ...(attributes.transposeB ? swapped(right) : right)),
  ];
  return defineCase(`matmul/${name}`, { op: "matmul", inputs, attributes }, data);
}

function swapped(shape: readonly number[]): number[] {
  return [...shape.slice(0, -2), shape.at(-1) ?? 0, shape.at(-2) ?? 0];
}

/** Scales with which 8-bit outputs fill their range; zero points a little off the middle. */
function data(a: DType, b: DType, output: DType, depth: number): CaseData {
  return {
    weights: {
      aScale: values(0.02),
      bScale: values(0.013),
      outputScale: values(0.02 * 0.013 * 150 * Math.sqrt(depth)),
      aZeroPoint: values(dtypes[a].min + 121),
      bZeroPoint: values(dtypes[b].min + 131),
      outputZeroPoint: values(dtypes[output].min + 126),
    },
  };
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const noZeroPoints = { aZeroPoint: values(0), bZeroPoint: values(0) };

export const matmul: readonly Case[] = [
  // Every combination of formats twice, so that it meets several shapes.
  ...spread(
    [...operands, ...operands].map((formats) => ({ formats })),
    { formats: operands, geometry: geometries, transposeA: [false, true], transposeB: [false, true] },
  ).map(({ formats: { a, b, output }, geometry, transposeA, transposeB }) =>
    product(
      `${a}x${b}-${output}/${shapeName(geometry.a)}${transposeA ? "t" : ""}by${shapeName(geometry.b)}${transposeB ? "t" : ""}`,
      a,
      b,
      geometry,
      { output, transposeA, transposeB },
      data(a, b, output, geometry.a.at(-1) ?? 1),
    ),
  ),
  ...geometries.map((geometry) =>
    product(
      `shapes/${shapeName(geometry.a)}by${shapeName(geometry.b)}`,
      "float32",
      "float32",
      geometry,
      { output: "float32" },
      {},
    ),
  ),
  product("large/float32", "float32", "float32", { a: [65, 130], b: [130, 67] }, { output: "float32" }, {}),
  product(
    "large/uint8xint8",
    "uint8",
    "int8",
    { a: [67, 130], b: [130, 65] },
    { output: "uint8" },
    data("uint8", "int8", "uint8", 130),
  ),
  product(
    "by-hand/float32",
    "float32",
    "float32",
    { a: [2, 2], b: [2, 2] },
    { output: "float32" },
    {
      inputs: [values(1, 2, 3, 4), values(5, 6, 7, 8)],
      expected: [[19, 22, 43, 50]],
    },
  ),
  product(
    "by-hand/float32-transposed",
    "float32",
    "float32",
    { a: [2, 2], b: [2, 2] },
    { output: "float32", transposeA: true, transposeB: true },
    {
      inputs: [values(1, 2, 3, 4), values(5, 6, 7, 8)],
      expected: [[23, 31, 34, 46]],
    },
  ),
  product(
    "by-hand/int32",
    "uint8",
    "int8",
    { a: [1, 2], b: [2, 2] },
    { output: "int32" },
    {
      inputs: [values(3, 250), values(-128, 127, 1, -1)],
      weights: { aZeroPoint: values(5), bZeroPoint: values(-1) },
      // (-2, 245) times (-127, 128), (2, 0)
      expected: [[744, -256]],
    },
  ),
  product(
    "by-hand/ties",
    "uint8",
    "int8",
    { a: [5, 1], b: [1, 2] },
    { output: "int8" },
    {
      inputs: [values(1, 3, 5, 7, 255), values(1, -1)],
      weights: {
        ...noZeroPoints,
        aScale: values(0.5),
        bScale: values(2),
        outputScale: values(2),
        outputZeroPoint: values(1),
      },
      expected: [[1, 1, 3, -1, 3, -1, 5, -3, 127, -127]],
    },
  ),
  product(
    "extremes/int8-lowest-squared",
    "int8",
    "int8",
    { a: [2, 33], b: [33, 3] },
    { output: "int32" },
    {
      inputs: [values(-128), values(-128)],
      weights: noZeroPoints,
      expected: [[0, 0, 0, 0, 0, 0].map(() => 33 * 128 * 128)],
    },
  ),
  product(
    "extremes/uint8-highest-by-int8-lowest",
    "uint8",
    "int8",
    { a: [1, 65], b: [65, 2] },
    { output: "int32" },
    {
      inputs: [values(255), values(-128)],
      weights: noZeroPoints,
      expected: [[65 * 255 * -128, 65 * 255 * -128]],
    },
  ),
  product(
    "zero-scale",
    "int8",
    "int8",
    { a: [3, 1], b: [1, 1] },
    { output: "uint8" },
    {
      inputs: [values(-3, 0, 3), values(1)],
      weights: {
        ...noZeroPoints,
        aScale: values(1),
        bScale: values(1),
        outputScale: values(0),
        outputZeroPoint: values(40),
      },
      expected: [[0, 40, 255]],
    },
  ),
  product(
    "nan-and-infinity",
    "float32",
    "float32",
    { a: [3, 2], b: [2, 2] },
    { output: "float32" },
    {
      inputs: [values(nan, 1, inf, 1, 2, 3), values(1, 0, 1, 1)],
      expected: [[nan, nan, inf, nan, 5, 3]],
    },
  ),
  product(
    "empty/no-rows",
    "float32",
    "float32",
    { a: [0, 3], b: [3, 2] },
    { output: "float32" },
    { expected: [[]] },
  ),
  product(
    "empty/no-terms",
    "float32",
    "float32",
    { a: [2, 0], b: [0, 2] },
    { output: "float32" },
    {
      expected: [[0, 0, 0, 0]],
    },
  ),
  product(
    "empty/no-batch",
    "int8",
    "int8",
    { a: [0, 2, 3], b: [3, 2] },
    { output: "int32" },
    { expected: [[]] },
  ),
];
