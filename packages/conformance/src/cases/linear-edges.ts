/** Edges of linear on floats, on weights alone as codes, and on dynamic activations; most of them by hand. */
import type { WeightedAttributes } from "@bitbudget/backend";
import type { Case } from "../case.ts";
import { FLOAT32, values } from "./helpers.ts";
import { linearEdge as edge } from "./linear-edge.ts";
import { staticEdges } from "./linear-static-edges.ts";

const int8Tensor = { dtype: "int8", granularity: { kind: "tensor" } } as const;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

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
