/** Edges of linear on codes with static scales: each step of requantization, ties, saturation, extremes. By hand. */
import type { WeightedAttributes } from "@bitbudget/backend";
import type { Case } from "../case.ts";
import { values } from "./helpers.ts";
import { linearEdge as edge } from "./linear-edge.ts";

const int8Tensor = { dtype: "int8", granularity: { kind: "tensor" } } as const;

/** One input per row, one weight, the scales and zero points that matter: what requantization does to each sum. */
function requantized(
  name: string,
  output: "int8" | "uint8",
  sums: readonly number[],
  scales: readonly [input: number, weight: number, output: number],
  outputZeroPoint: number,
  expected: readonly number[],
  activation?: WeightedAttributes["activation"],
): Case {
  // A row of one zero: the sum is the bias. One channel for each sum.
  return edge(
    `static/requantize/${name}`,
    ["uint8", 1, 1],
    sums.length,
    { weight: int8Tensor, output, bias: "int32", ...(activation === undefined ? {} : { activation }) },
    {
      inputs: [values(0)],
      weights: {
        bias: values(...sums),
        inputZeroPoint: values(0),
        inputScale: values(scales[0]),
        scale: values(scales[1]),
        outputScale: values(scales[2]),
        outputZeroPoint: values(outputZeroPoint),
      },
      expected: [expected],
    },
  );
}
export const staticEdges: readonly Case[] = [
  edge(
    "static/by-hand",
    ["uint8", 2, 2],
    2,
    { weight: int8Tensor, output: "int8", bias: "int32" },
    {
      inputs: [values(130, 126, 128, 138)],
      weights: {
        weight: values(3, -1, -2, 4),
        scale: values(0.25),
        bias: values(1, -1),
        inputScale: values(0.5),
        inputZeroPoint: values(128),
        outputScale: values(0.25),
        outputZeroPoint: values(-3),
      },
      // sums 9, -13, -9, 39, times 0.5: 4.5, -6.5, -4.5, 19.5, to even, plus -3
      expected: [[1, -9, -7, 17]],
    },
  ),
  requantized("ties/uint8", "uint8", [1, 3, 5, 7, 9, 255, 0, 2], [0.5, 1, 1], 0, [0, 2, 2, 4, 4, 128, 0, 1]),
  requantized("ties/int8", "int8", [1, 3, 5, -1, -3, -5, -7], [0.25, 2, 1], 0, [0, 2, 2, 0, -2, -2, -4]),
  // The zero point is added after rounding: an odd one must not turn ties the other way.
  requantized("ties/odd-zero-point", "uint8", [1, 3, 5, -1, -3], [0.5, 1, 1], 7, [7, 9, 9, 7, 5]),
  requantized(
    "saturation/uint8",
    "uint8",
    [510, 511, 100000, -1, -2, -3, -100000],
    [0.5, 1, 1],
    0,
    [255, 255, 255, 0, 0, 0, 0],
  ),
  requantized(
    "saturation/int8",
    "int8",
    [127, 128, 129, -128, -129, -130, -100000],
    [1, 1, 1],
    0,
    [127, 127, 127, -128, -128, -128, -128],
  ),
  requantized(
    "extremes-of-int32",
    "int8",
    [2 ** 31 - 1, -(2 ** 31), 2 ** 30],
    [2 ** -12, 2 ** -12, 1],
    0,
    [127, -128, 64],
  ),
  // fround(2^24 + 1) is 2^24, which gives the tie 2.5. Without that rounding it is 2.5000002.
  requantized(
    "sum-rounded-to-float32",
    "int8",
    [2 ** 24 + 1, 2 ** 24, -(2 ** 24) - 1],
    [2.5 * 2 ** -12, 2 ** -12, 1],
    0,
    [2, 2, -2],
  ),
  // (1 + 2^-12)(1 + 3 * 2^-12) rounds up to 1 + 2^-10 + 2^-22, so that the multiplier is 2^-9 and 768 a tie. Rounded
  // once, at the end, it is smaller and 768 becomes 1.
  requantized(
    "multiplier-rounded-twice",
    "int8",
    [768, -768],
    [1 + 2 ** -12, 1 + 3 * 2 ** -12, 512 * (1 + 2 ** -10 + 2 ** -22)],
    0,
    [2, -2],
  ),
  // fround(1 / 14) is a little more than 1 / 14: what would be ties is above them.
  requantized(
    "multiplier-rounded-to-float32",
    "int8",
    [91, 175, 203, -91, 7],
    [1, 1, 14],
    0,
    [7, 13, 15, -7, 0],
  ),
  // The exact products are 65.4999992, 41.4999991 and 115.4999987; in float32 they are ties.
  requantized("product-rounded-to-float32/1", "int8", [25527], [0.0025659105740487576, 1, 1], 0, [66]),
  requantized("product-rounded-to-float32/2", "int8", [51435], [0.0008068435708992183, 1, 1], 0, [42]),
  requantized("product-rounded-to-float32/3", "int8", [7475], [0.015451504848897457, 1, 1], 0, [116]),
  requantized("zero-scale/weight", "uint8", [0, 1, -1, 1000], [0.5, 0, 1], 9, [9, 9, 9, 9]),
  // 0 * infinity is NaN, which stands for 0.
  requantized("zero-scale/output", "uint8", [0, 1, -1], [0.5, 1, 0], 9, [9, 255, 0]),
  requantized("zero-scale/all", "uint8", [0, 1, -1], [0, 0, 0], 9, [9, 9, 9]),
  requantized("relu", "uint8", [-20, -1, 0, 1, 20], [1, 1, 1], 100, [100, 100, 100, 101, 120], {
    fn: "relu",
  }),
  // Bounds 0 and 1.25 are codes 0 and 2.5, the tie to even, plus the zero point.
  requantized(
    "clip-bounds-are-quantized",
    "int8",
    [-5, 0, 1, 2, 3, 9],
    [0.5, 1, 0.5],
    -10,
    [-10, -10, -9, -8, -8, -8],
    { fn: "clip", min: 0, max: 1.25 },
  ),
  edge(
    "static/extremes/int8-lowest-squared",
    ["int8", 1, 33],
    1,
    { weight: int8Tensor, output: "int32" },
    {
      inputs: [values(-128)],
      weights: { weight: values(-128), inputZeroPoint: values(0) },
      expected: [[33 * 128 * 128]],
    },
  ),
  edge(
    "static/extremes/zero-points-at-the-far-end",
    ["int8", 1, 33],
    1,
    { weight: { ...int8Tensor, zeroPoint: true }, output: "int32" },
    {
      inputs: [values(-128)],
      weights: { weight: values(-128), inputZeroPoint: values(127), zeroPoint: values(127) },
      expected: [[33 * 255 * 255]],
    },
  ),
  edge(
    "static/extremes/uint8-highest-by-int8-lowest",
    ["uint8", 2, 65],
    3,
    { weight: int8Tensor, output: "int32" },
    {
      inputs: [values(255)],
      weights: { weight: values(-128), inputZeroPoint: values(0) },
      expected: [[1, 1, 1, 1, 1, 1].map(() => 65 * 255 * -128)],
    },
  ),
  edge(
    "static/extremes/uint8-pairs-that-overflow-int16",
    ["uint8", 1, 34],
    2,
    { weight: int8Tensor, output: "int32" },
    {
      // 255 * 127 twice is more than an int16 holds: instructions that saturate pairs are not exact.
      inputs: [values(255)],
      weights: { weight: values(127), inputZeroPoint: values(0) },
      expected: [[34 * 255 * 127, 34 * 255 * 127]],
    },
  ),
  edge(
    "static/int32/wraps",
    ["uint8", 1, 2],
    2,
    { weight: int8Tensor, output: "int32", bias: "int32" },
    {
      inputs: [values(1, 0)],
      weights: {
        weight: values(1, 0, -1, 0),
        bias: values(2 ** 31 - 1, -(2 ** 31)),
        inputZeroPoint: values(0),
      },
      expected: [[-(2 ** 31), 2 ** 31 - 1]],
    },
  ),
  edge(
    "static/empty/no-rows",
    ["uint8", 0, 3],
    2,
    { weight: int8Tensor, output: "uint8" },
    { expected: [[]] },
  ),
  edge(
    "static/empty/no-terms",
    ["int8", 1, 0],
    2,
    { weight: int8Tensor, output: "int32", bias: "int32" },
    {
      weights: { bias: values(-7, 7) },
      expected: [[-7, 7]],
    },
  ),
];
