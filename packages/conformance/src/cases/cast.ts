/** Cases of cast: every format to every other, and what happens to numbers that the other does not have. */
import { type DType, dtypeNames, dtypes } from "@bitbudget/core";
import { type Case, defineCase } from "../case.ts";
import type { Recipe } from "../recipe.ts";
import { shaped, values } from "./helpers.ts";

/** Numbers that source and target have; between floats with ties, too. */
function source(from: DType, to: DType): Recipe {
  const [a, b] = [dtypes[from], dtypes[to]];
  const step = a.kind === "float" && b.kind === "float" ? 0.125 : 1;
  return { min: Math.max(a.min, b.min, -3), max: Math.min(a.max, b.max, 3), step };
}

function byHand(
  name: string,
  from: DType,
  to: DType,
  x: readonly number[],
  expected: readonly number[],
  saturate?: boolean,
): Case {
  return defineCase(
    `cast/${from}-${to}/${name}`,
    {
      op: "cast",
      inputs: [shaped(from, x.length)],
      attributes: { to, ...(saturate === undefined ? {} : { saturate }) },
    },
    { inputs: [values(...x)], expected: [expected] },
  );
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

export const cast: readonly Case[] = [
  ...dtypeNames.flatMap((from) =>
    dtypeNames.map((to) =>
      defineCase(
        `cast/${from}-${to}/11`,
        { op: "cast", inputs: [shaped(from, 11)], attributes: { to } },
        { inputs: [source(from, to)] },
      ),
    ),
  ),
  byHand(
    "special",
    "float32",
    "float16",
    [nan, inf, -inf, -0, 65519, 65520, -1e6],
    [nan, inf, -inf, -0, 65504, inf, -inf],
  ),
  byHand(
    "ties",
    "float32",
    "float16",
    [2049, 2051, 1 + 2 ** -11, 2 ** -25, 3 * 2 ** -25],
    [2048, 2052, 1, 0, 2 ** -23],
  ),
  byHand("ties", "float32", "bfloat16", [257, 259, 1 + 2 ** -8], [256, 260, 1]),
  byHand("rounded-once", "float64", "float16", [1 + 2 ** -11 + 2 ** -40], [1 + 2 ** -10]),
  byHand("saturates", "float32", "float8_e4m3fn", [500, -500, 448, 17], [448, -448, 448, 16]),
  byHand("saturates-not", "float32", "float8_e4m3fn", [500, 448, 464, 480], [nan, 448, 448, nan], false),
  byHand("saturates-not", "float32", "float8_e5m2", [1e6, -1e6, 57344], [inf, -inf, 57344], false),
  byHand("saturates", "float32", "float4_e2m1", [100, -100, 5, 0.75], [6, -6, 4, 1]),
  byHand("drops-the-fraction", "float32", "int8", [1.5, -1.5, 2.9, -0.9, -0], [1, -1, 2, 0, 0]),
  byHand("saturates", "float32", "int8", [300, -300, 127, inf, -inf], [127, -128, 127, 127, -128]),
  byHand("saturates", "float32", "uint8", [300, -1, 255], [255, 0, 255]),
  byHand("wraps", "int32", "int8", [300, -129, 127, 128], [44, 127, 127, -128]),
  byHand("wraps", "int8", "uint8", [-1, -128, 5], [255, 128, 5]),
  byHand("wraps", "uint8", "int4", [9, 7, 255], [-7, 7, -1]),
  byHand("wraps", "int32", "uint4", [15, 16, -1, 9], [15, 0, 15, 9]),
  byHand("wraps", "uint8", "uint2", [3, 4, 255], [3, 0, 3]),
  byHand("wraps", "int8", "int2", [-2, 1, 2, -3], [-2, 1, -2, 1]),
  byHand("truth", "float32", "bool", [0, -0, 0.25, nan, -3], [0, 0, 1, 1, 1]),
  byHand("truth", "int32", "bool", [0, 256, -1], [0, 1, 1]),
];
