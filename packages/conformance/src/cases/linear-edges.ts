/** Edges of linear, with results worked out by hand wherever that is feasible. */
import type { WeightedAttributes } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { FLOAT32, shaped, values } from "./helpers.ts";

const int8Tensor = { dtype: "int8", granularity: { kind: "tensor" } } as const;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function edge(
  name: string,
  [activation, ...shape]: readonly [DType, ...number[]],
  channels: number,
  attributes: WeightedAttributes,
  data: CaseData,
): Case {
  const inputs = [shaped(activation, ...shape)];
  return defineCase(
    `linear/${name}`,
    { op: "linear", inputs, attributes: { ...attributes, channels } },
    data,
  );
}

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

const float: WeightedAttributes = { weight: { dtype: "float32" }, output: "float32" };

const floatEdges = [
  edge(
    "float/by-hand",
    ["float32", 2, 3],
    2,
    { ...float, bias: "float32" },
    {
      inputs: [values(1, 2, 3, -1, 0.5, 4)],
      weights: { weight: values(1, 0, -1, 2, 4, 0.5), bias: values(10, -1) },
      expected: [[8, 10.5, 5, 1]],
    },
  ),
  edge("float/nan-and-infinity", ["float32", 4, 2], 2, float, {
    inputs: [values(nan, 1, inf, 1, -inf, 1, 1, 2)],
    weights: { weight: values(1, 1, 0, 1) },
    expected: [[nan, nan, inf, nan, -inf, nan, 3, 2]],
  }),
  edge("float/nan-in-a-weight", ["float32", 2, 3], 2, float, {
    inputs: [values(1, 2, 3)],
    weights: { weight: values(1, nan, 1, 1, 1, 1) },
    expected: [[nan, 6, nan, 6]],
  }),
  edge(
    "float/relu-of-nan-and-infinity",
    ["float32", 3, 1],
    1,
    { ...float, activation: { fn: "relu" } },
    {
      inputs: [values(nan, inf, -inf)],
      weights: { weight: values(1) },
      expected: [[nan, inf, 0]],
    },
  ),
  edge("float/subnormal", ["float32", 1, 2], 2, float, {
    inputs: [values(FLOAT32.smallest, FLOAT32.smallestNormal)],
    weights: { weight: values(2 ** 100, 0, 0, 0.5) },
    expected: [[2 ** -49, 2 ** -127]],
  }),
  edge("float/cancellation", ["float32", 1, 4], 1, float, {
    inputs: [values(2 ** 20, 1, -(2 ** 20), 1)],
    weights: { weight: values(1) },
    expected: [[2]],
  }),
  edge("float/empty/no-rows", ["float32", 0, 4], 3, float, { expected: [[]] }),
  edge(
    "float/empty/no-terms",
    ["float32", 2, 0],
    3,
    { ...float, bias: "float32" },
    {
      weights: { bias: values(1, -2, 3) },
      expected: [[1, -2, 3, 1, -2, 3]],
    },
  ),
];

const weightOnlyEdges = [
  edge(
    "weight-only/by-hand/int4-block2",
    ["float32", 1, 4],
    1,
    {
      weight: { dtype: "int4", granularity: { kind: "block", size: 2 }, zeroPoint: true },
      output: "float32",
    },
    {
      inputs: [values(1, 2, 3, 4)],
      weights: { weight: values(-8, 7, 3, -1), zeroPoint: values(1, -1), scale: values(0.5, 2) },
      // (-9 + 12) * 0.5 + (12 + 0) * 2
      expected: [[25.5]],
    },
  ),
  edge(
    "weight-only/by-hand/uint2-channel-odd-rows",
    ["float32", 1, 3],
    3,
    { weight: { dtype: "uint2", granularity: { kind: "channel" } }, output: "float32" },
    {
      inputs: [values(1, 10, 100)],
      weights: { weight: values(0, 1, 2, 3, 2, 1, 1, 1, 3), scale: values(1, 2, 0.5) },
      expected: [[210, 246, 155.5]],
    },
  ),
  edge(
    "weight-only/zero-scale",
    ["float32", 2, 5],
    2,
    {
      weight: { dtype: "int4", granularity: { kind: "block", size: 4 } },
      output: "float32",
      bias: "float32",
    },
    {
      inputs: [values(1, 2, 3, 4, 5)],
      weights: { weight: values(1), scale: values(0, 1, 2, 0), bias: values(0.5) },
      expected: [[5.5, 20.5, 5.5, 20.5]],
    },
  ),
];

const staticEdges = [
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

const int8Row = { dtype: "int8", granularity: "row" } as const;
const int8Block = { dtype: "int8", granularity: "block" } as const;
const uint8Tensor = { dtype: "uint8", granularity: "tensor" } as const;

function dynamic(
  name: string,
  x: readonly (readonly number[])[],
  quantization: WeightedAttributes["dynamic"] & object,
  expected: readonly number[],
  block?: number,
): Case {
  const granularity =
    block === undefined ? ({ kind: "tensor" } as const) : ({ kind: "block", size: block } as const);
  return edge(
    `dynamic/${name}`,
    ["float32", x.length, x[0]?.length ?? 0],
    1,
    { weight: { dtype: "int8", granularity }, output: "float32", bias: "float32", dynamic: quantization },
    {
      inputs: [values(...x.flat())],
      weights: { weight: values(1), scale: values(1), bias: values(0.5) },
      expected: [expected],
    },
  );
}

const dynamicEdges = [
  // Scale 1: codes 127, 64 (a tie), 0 (a tie), 2 (a tie). Then scale 2: codes 127, 1, 0 (a tie), -2 (a tie).
  dynamic(
    "int8-row/by-hand-ties",
    [
      [127, 63.5, -0.5, 1.5],
      [254, 2, 1, -3],
    ],
    int8Row,
    [193.5, 252.5],
  ),
  dynamic(
    "int8-row/zero-row",
    [
      [0, 0, 0],
      [-0, 0, -0],
      [127, 0, 0],
    ],
    int8Row,
    [0.5, 0.5, 127.5],
  ),
  dynamic("int8-row/lowest-code-is-not-used", [[-127, 127, -127]], int8Row, [-126.5]),
  // The scale 150 / 127 of the smallest number is rounded to that number: 150 of them are clamped to 127.
  edge(
    "dynamic/int8-row/subnormal",
    ["float32", 1, 2],
    2,
    { weight: int8Tensor, output: "float32", dynamic: int8Row },
    {
      inputs: [values(150 * FLOAT32.smallest, -150 * FLOAT32.smallest)],
      weights: { weight: values(1, 0, 0, 1), scale: values(2 ** 100) },
      expected: [[127 * 2 ** -49, -127 * 2 ** -49]],
    },
  ),
  dynamic("int8-block/zero-block", [[127, 0.5, 0, 0, 254, 3]], int8Block, [127 + 254 + 4 + 0.5], 2),
  dynamic("int8-block/partial-block", [[127, 1, 1, 254, 0]], int8Block, [129 + 254 + 0.5], 3),
  // Range -1 to 254: scale 1, zero point 1; 0.5 and 1.5 are ties.
  dynamic(
    "uint8-tensor/by-hand-ties",
    [
      [-1, 0.5],
      [1.5, 254],
    ],
    uint8Tensor,
    [-0.5, 256.5],
  ),
  dynamic(
    "uint8-tensor/all-zero",
    [
      [0, 0],
      [0, -0],
    ],
    uint8Tensor,
    [0.5, 0.5],
  ),
  // The range always contains 0: scale 1, zero point 0 and 255.
  dynamic("uint8-tensor/positive", [[100, 255]], uint8Tensor, [355.5]),
  dynamic("uint8-tensor/negative", [[-255, -200]], uint8Tensor, [-454.5]),
  dynamic("uint8-tensor/constant", [[255], [255]], uint8Tensor, [255.5, 255.5]),
];

export const linearEdges: readonly Case[] = [
  ...floatEdges,
  ...weightOnlyEdges,
  ...staticEdges,
  ...dynamicEdges,
];
