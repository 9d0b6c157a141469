/** Cases of reduce: every function over first, middle, last, several, all and no axes, and the edges. */
import { type ReduceFunction, reduceFunctions } from "@bitbudget/backend";
import { type DType, dtypes } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import type { Recipe } from "../recipe.ts";
import { floats, integers, shaped, shapeName, values } from "./helpers.ts";
import { spread } from "./pairwise.ts";

interface Geometry {
  readonly shape: readonly number[];
  readonly axes: readonly number[];
}

const geometries: readonly Geometry[] = [
  { shape: [7], axes: [0] },
  { shape: [1, 33], axes: [1] },
  { shape: [3, 8], axes: [0] },
  { shape: [2, 3, 5], axes: [1] },
  { shape: [2, 3, 9], axes: [2] },
  { shape: [4, 3, 2], axes: [0, 2] },
  { shape: [3, 4, 5], axes: [0, 1] },
  { shape: [2, 3, 4], axes: [0, 1, 2] },
  { shape: [2, 3], axes: [] },
  { shape: [], axes: [] },
  { shape: [3, 1, 4], axes: [1] },
  { shape: [5, 130], axes: [1] },
  { shape: [2, 2, 3, 4], axes: [2, 3] },
  { shape: [0, 3], axes: [1] },
];

/** Functions whose result on integers follows from the page on numerics without a square root or a logarithm. */
const onIntegers: readonly ReduceFunction[] = ["sum", "max", "min", "prod", "l1", "sumSquare"];

/** Numbers at which results stay finite, in float16 too; logarithms of sums need positive ones. */
function recipe(fn: ReduceFunction, dtype: DType): Recipe {
  const { kind, min } = dtypes[dtype];
  if (kind !== "float") return fn === "prod" ? { min: 1, max: 2 } : { min: Math.max(min, -5), max: 5 };
  if (fn === "prod") return { min: 0.75, max: 1.25 };
  return fn === "logSum" ? { min: 0.25, max: 4 } : { min: -4, max: 4 };
}

function reduction(
  name: string,
  fn: ReduceFunction,
  dtype: DType,
  { shape, axes }: Geometry,
  keepDims: boolean,
  data: CaseData,
): Case {
  const attributes = { function: fn, axes, keepDims };
  return defineCase(
    `reduce/${fn}/${dtype}/${name}`,
    { op: "reduce", inputs: [shaped(dtype, ...shape)], attributes },
    data,
  );
}

function byHand(
  name: string,
  fn: ReduceFunction,
  dtype: DType,
  x: readonly number[],
  expected: number,
): Case {
  return reduction(name, fn, dtype, { shape: [x.length], axes: [0] }, false, {
    inputs: [values(...x)],
    expected: [[expected]],
  });
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

export const reduce: readonly Case[] = [
  ...spread(
    [
      ...reduceFunctions.flatMap((fn) => [...floats, ...floats].map((dtype) => ({ fn, dtype }))),
      ...onIntegers.flatMap((fn) => integers.map((dtype) => ({ fn, dtype }))),
    ],
    { fn: reduceFunctions, dtype: [...floats, ...integers], geometry: geometries, keepDims: [false, true] },
  ).map(({ fn, dtype, geometry, keepDims }) =>
    reduction(
      `${shapeName(geometry.shape)}-over${geometry.axes.join("and")}${keepDims ? "-kept" : ""}`,
      fn,
      dtype,
      geometry,
      keepDims,
      {
        inputs: [recipe(fn, dtype)],
      },
    ),
  ),
  ...geometries.map((geometry) =>
    reduction(
      `shapes/${shapeName(geometry.shape)}-over${geometry.axes.join("and")}`,
      "sum",
      "float32",
      geometry,
      false,
      {},
    ),
  ),
  ...(["max", "min"] as const).map((fn) =>
    reduction("2x5-over1", fn, "bool", { shape: [2, 5], axes: [1] }, false, {
      inputs: [values(0, 0, 1, 0, 0, 1, 1, 1, 1, 1)],
    }),
  ),
  byHand("by-hand", "sum", "float32", [1, 2.5, -4], -0.5),
  byHand("by-hand", "mean", "float32", [1, 2, 3, 6], 3),
  byHand("by-hand", "prod", "float32", [2, -3, 0.5], -3),
  byHand("by-hand", "l1", "float32", [2, -3, 0.5], 5.5),
  byHand("by-hand", "l2", "float32", [3, -4], 5),
  byHand("by-hand", "sumSquare", "float32", [3, -4], 25),
  byHand("by-hand", "logSum", "float32", [0.25, 0.75], 0),
  byHand("by-hand", "logSumExp", "float32", [0, 0, 0, 0], 1.3862943611198906),
  // Terms whose exponentials no format holds: 1000 + log(2).
  byHand("large-terms", "logSumExp", "float32", [1000, 1000], 1000.6931471805599),
  byHand("large-negative-terms", "logSumExp", "float32", [-1000, -1000], -999.3068528194401),
  byHand("cancellation", "sum", "float32", [2 ** 20, 1, -(2 ** 20)], 1),
  ...(["sum", "mean", "max", "min", "prod", "l1"] as const).map((fn) =>
    byHand("nan", fn, "float32", [1, nan, 2], nan),
  ),
  byHand("infinity", "sum", "float32", [1, inf, 2], inf),
  byHand("infinities-of-both-signs", "sum", "float32", [1, inf, -inf], nan),
  byHand("infinity", "max", "float32", [-1, inf, 3], inf),
  byHand("infinity", "min", "float32", [-1, inf, -inf], -inf),
  byHand("negative-alone", "max", "float32", [-5, -3, -4], -3),
  byHand("by-hand", "sum", "int32", [1, -2, 2 ** 30], 2 ** 30 - 1),
  byHand("by-hand", "max", "int8", [-128, -100], -100),
  byHand("by-hand", "min", "uint8", [255, 200], 200),
  byHand("no-terms", "sum", "float32", [], 0),
  byHand("no-terms", "prod", "float32", [], 1),
  byHand("no-terms", "mean", "float32", [], nan),
  byHand("no-terms", "max", "float32", [], -inf),
  byHand("no-terms", "min", "float32", [], inf),
  byHand("no-terms", "logSum", "float32", [], -inf),
  byHand("no-terms", "mean", "int32", [], 0),
  byHand("no-terms", "max", "int8", [], -128),
  byHand("no-terms", "min", "uint8", [], 255),
  byHand("truncates", "mean", "int32", [-1, -2], -1),
  byHand("truncates", "mean", "uint8", [255, 254, 255], 254),
  byHand("exact-before-it-is-divided", "mean", "int32", [2 ** 31 - 1, 2 ** 31 - 1, 4], 1431655766),
  byHand("truncates", "l2", "int32", [2, 2], 2),
  byHand("truncates", "logSum", "int32", [10, 20], 3),
  byHand("saturates", "logSum", "int8", [0, 0], -128),
  byHand("wraps", "sum", "int8", [127, 1], -128),
  byHand("wraps", "prod", "int32", [2 ** 30, 4, 3], 0),
  byHand("by-hand", "l1", "int32", [3, -4], 7),
  byHand("by-hand", "sumSquare", "int16", [3, -4], 25),
];
