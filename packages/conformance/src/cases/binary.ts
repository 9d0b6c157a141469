/** Cases of binary: every function on every format it takes, broadcasting in all positions, and the edges. */
import { type BinaryFunction, binaryFunctions } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, defineCase } from "../case.ts";
import type { Recipe } from "../recipe.ts";
import { FLOAT32, floats, integers, shaped, shapeName, values } from "./helpers.ts";

type Shapes = readonly [a: readonly number[], b: readonly number[]];

const comparisons: readonly BinaryFunction[] = ["equal", "less", "lessOrEqual", "greater", "greaterOrEqual"];
const logical: readonly BinaryFunction[] = ["and", "or", "xor"];
const shifts: readonly BinaryFunction[] = ["shiftLeft", "shiftRight"];
const bitwise: readonly BinaryFunction[] = ["bitwiseAnd", "bitwiseOr", "bitwiseXor", ...shifts];
const arithmetic = binaryFunctions.filter((fn) => ![...comparisons, ...logical, ...bitwise].includes(fn));

/** Both alike, scalars, either side repeated, ranks that differ, both repeated in turn, empty. */
const broadcasts: readonly Shapes[] = [
  [[7], [7]],
  [[], []],
  [[3, 5], []],
  [[], [3, 5]],
  [[1], [9]],
  [[2, 3, 4], [4]],
  [[4], [2, 3, 4]],
  [
    [2, 3, 4],
    [3, 1],
  ],
  [
    [2, 1, 4],
    [2, 3, 1],
  ],
  [
    [3, 1],
    [1, 33],
  ],
  [
    [2, 3, 4],
    [2, 1, 1],
  ],
  [
    [5, 1, 1],
    [1, 2, 3],
  ],
  [
    [2, 1, 3, 1],
    [4, 1, 5],
  ],
  [[0, 3], [3]],
  [[2, 0], [1]],
];

function pair(
  fn: BinaryFunction,
  dtype: DType,
  [a, b]: Shapes,
  recipes: readonly Recipe[],
  name: string,
): Case {
  const inputs = [shaped(dtype, ...a), shaped(dtype, ...b)];
  return defineCase(
    `binary/${fn}/${dtype}/${name}`,
    { op: "binary", inputs, attributes: { function: fn } },
    { inputs: recipes },
  );
}

function byHand(
  name: string,
  fn: BinaryFunction,
  dtype: DType,
  a: readonly number[],
  b: readonly number[],
  expected: readonly number[],
): Case {
  const inputs = [shaped(dtype, a.length), shaped(dtype, b.length)];
  return defineCase(
    `binary/${fn}/${dtype}/${name}`,
    { op: "binary", inputs, attributes: { function: fn } },
    {
      inputs: [values(...a), values(...b)],
      expected: [expected],
    },
  );
}

/** Operands at which results are finite and exact where they can be: no zero divisors, no powers that explode. */
function operands(fn: BinaryFunction, float: boolean): readonly Recipe[] {
  switch (fn) {
    case "div":
    case "mod":
    case "fmod":
      return float
        ? [
            { min: -50, max: 50 },
            { min: 0.5, max: 8 },
          ]
        : [
            { min: -100, max: 100 },
            { min: 1, max: 9 },
          ];
    case "pow":
      return float
        ? [
            { min: 0.25, max: 4 },
            { min: -3, max: 3 },
          ]
        : [
            { min: -5, max: 5 },
            { min: 0, max: 6 },
          ];
    case "shiftLeft":
    case "shiftRight":
      return [
        { min: 0, max: 100 },
        { min: 0, max: 9 },
      ];
    default:
      // Few integers, so that equal ones meet.
      return float
        ? [
            { min: -8, max: 8, step: 0.125 },
            { min: -8, max: 8, step: 0.125 },
          ]
        : [
            { min: -9, max: 9 },
            { min: -9, max: 9 },
          ];
  }
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
/** Of NaN with NaN, NaN with 1, 1 with NaN, infinity with itself, -infinity with infinity, 0 with -0. */
const specialComparisons: readonly (readonly [BinaryFunction, readonly number[]])[] = [
  ["equal", [0, 0, 0, 1, 0, 1]],
  ["less", [0, 0, 0, 0, 1, 0]],
  ["lessOrEqual", [0, 0, 0, 1, 1, 1]],
  ["greater", [0, 0, 0, 0, 0, 0]],
  ["greaterOrEqual", [0, 0, 0, 1, 0, 1]],
];
const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

export const binary: readonly Case[] = [
  ...[...arithmetic, ...comparisons].flatMap((fn, i) =>
    [...floats, ...integers].map((dtype, j) => {
      const shapes: Shapes =
        (i + j) % 2 === 0
          ? [
              [3, 11],
              [3, 11],
            ]
          : [
              [3, 11],
              [3, 1],
            ];
      const float = floats.some((name) => name === dtype);
      return pair(fn, dtype, shapes, operands(fn, float), shapes.map(shapeName).join("and"));
    }),
  ),
  ...bitwise.flatMap((fn) =>
    integers.map((dtype) => pair(fn, dtype, [[37], [37]], operands(fn, false), "37and37")),
  ),
  ...[...logical, "equal" as const].map((fn) =>
    pair(
      fn,
      "bool",
      [[3, 5], [5]],
      [
        { min: 0, max: 1 },
        { min: 0, max: 1 },
      ],
      "3x5and5",
    ),
  ),
  ...broadcasts.flatMap((shapes) => [
    pair("sub", "float32", shapes, operands("sub", true), `broadcast/${shapes.map(shapeName).join("and")}`),
    pair("less", "int32", shapes, operands("less", false), `broadcast/${shapes.map(shapeName).join("and")}`),
  ]),
  ...[1, 8, 9, 31, 33, 1030].map((length) =>
    pair(
      "mul",
      "float32",
      [[length], [length]],
      [
        { min: -2, max: 2 },
        { min: -2, max: 2 },
      ],
      `length${length}`,
    ),
  ),

  byHand(
    "special",
    "add",
    "float32",
    [nan, 1, inf, inf, -inf, 0, -0],
    [1, nan, inf, -inf, 1, -0, -0],
    [nan, nan, inf, nan, -inf, 0, -0],
  ),
  byHand(
    "special",
    "mul",
    "float32",
    [nan, inf, inf, -inf, -0],
    [0, 0, -2, -inf, 3],
    [nan, nan, -inf, inf, -0],
  ),
  byHand("special", "min", "float32", [nan, 1, inf, -inf], [1, nan, 3, 3], [nan, nan, 3, -inf]),
  byHand("special", "max", "float32", [nan, 1, inf, -inf], [1, nan, 3, 3], [nan, nan, inf, 3]),
  byHand("special", "div", "float32", [1, -1, inf, 3], [0, 0, 2, inf], [inf, -inf, inf, 0]),
  ...specialComparisons.map(([fn, expected]) =>
    byHand("special", fn, "float32", [nan, nan, 1, inf, -inf, 0], [nan, 1, nan, inf, inf, -0], expected),
  ),
  byHand(
    "subnormal",
    "add",
    "float32",
    [FLOAT32.smallest, FLOAT32.smallestNormal],
    [FLOAT32.smallest, -FLOAT32.smallest],
    [2 * FLOAT32.smallest, FLOAT32.smallestNormal - FLOAT32.smallest],
  ),
  byHand("ties", "add", "float32", [2 ** 24, 2 ** 24 + 2, 1], [1, 1, 2 ** -24], [2 ** 24, 2 ** 24 + 4, 1]),
  byHand("ties", "add", "float16", [2048, 2050, 1], [1, 1, 2 ** -11], [2048, 2052, 1]),
  byHand("ties", "mul", "bfloat16", [1 + 2 ** -7, 3], [1.5, 1.0078125], [1.515625, 3.03125]),
  byHand("overflow", "mul", "float16", [300, -300], [300, 300], [inf, -inf]),
  byHand("overflow", "add", "float32", [FLOAT32.largest], [FLOAT32.largest], [inf]),
  byHand("by-hand", "prelu", "float32", [-2, 3, 0, nan], [0.25, 9, 9, 2], [-0.5, 3, 0, nan]),
  byHand("by-hand", "pow", "float32", [2, 4, 3, 9], [3, -1, 0, 0.5], [8, 0.25, 1, 3]),
  byHand("signs", "mod", "float32", [5.5, -5.5, 5.5, -5.5], [3, 3, -3, -3], [2.5, 0.5, -0.5, -2.5]),
  byHand("signs", "fmod", "float32", [5.5, -5.5, 5.5, -5.5], [3, 3, -3, -3], [2.5, -2.5, 2.5, -2.5]),
  byHand("signs", "mod", "int32", [7, -7, 7, -7], [3, 3, -3, -3], [1, 2, -2, -1]),
  byHand("signs", "fmod", "int32", [7, -7, 7, -7], [3, 3, -3, -3], [1, -1, 1, -1]),
  byHand("signs", "div", "int32", [7, -7, 7, -7], [2, 2, -2, -2], [3, -3, -3, 3]),
  byHand("by-zero", "div", "int32", [7, 0, -7], [0, 0, 0], [0, 0, 0]),
  byHand("by-zero", "mod", "uint8", [7, 0, 255], [0, 0, 0], [0, 0, 0]),
  byHand("by-zero", "fmod", "int8", [7, 0, -128], [0, 0, 0], [0, 0, 0]),
  byHand("wraps", "div", "int32", [int32.min], [-1], [int32.min]),
  byHand("wraps", "add", "int8", [127, -128, 100], [1, -1, 100], [-128, 127, -56]),
  byHand("wraps", "sub", "uint8", [0, 5], [1, 10], [255, 251]),
  byHand("wraps", "mul", "int32", [2 ** 16, int32.max, 65537], [2 ** 16, 2, 65537], [0, -2, 131073]),
  byHand("wraps", "add", "int32", [int32.max, int32.min], [1, -1], [int32.min, int32.max]),
  byHand("wraps", "pow", "int32", [2, 3, 0, -2], [32, 21, 0, 31], [0, 1870418611, 1, int32.min]),
  byHand("wraps", "add", "uint32", [2 ** 32 - 1], [1], [0]),
  byHand("zeros", "max", "float32", [-0, 0, -0], [0, -0, -0], [0, 0, -0]),
  byHand("zeros", "min", "float32", [-0, 0, 0], [0, -0, 0], [-0, -0, 0]),
  byHand("zeros", "mod", "float32", [-6, 6, -6], [3, -3, -3], [0, -0, -0]),
  byHand("zeros", "fmod", "float32", [-6, 6, -6], [3, -3, -3], [-0, 0, -0]),
  byHand("special", "pow", "float32", [nan, 1, -1, 1, nan], [0, nan, inf, -inf, 1], [1, 1, 1, 1, nan]),
  byHand("negative-powers", "pow", "int32", [2, 1, -1, -1, 3], [-1, -5, -3, -2, -2], [0, 1, -1, 1, 0]),
  byHand("past-the-width", "shiftLeft", "int32", [1, 1, -1, 7], [31, 32, 33, -1], [int32.min, 0, 0, 0]),
  byHand("past-the-width", "shiftRight", "int32", [-8, int32.min, -8, -8], [1, 31, 32, -1], [-4, -1, 0, 0]),
  byHand("past-the-width", "shiftLeft", "int8", [1, 1, 3], [7, 8, 6], [-128, 0, -64]),
  byHand("past-the-width", "shiftLeft", "uint8", [1, 255, 255], [7, 8, 200], [128, 0, 0]),
  byHand("past-the-width", "shiftRight", "uint32", [2 ** 32 - 1, 2 ** 32 - 1, 7], [31, 32, 1000], [1, 0, 0]),
];
