/** Cases of pad: every format of whole bytes, every mode, elements added and removed. */
import type { PadAttributes } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { anyFormat, shaped, shapeName, values, wholeBytes } from "./helpers.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const ascending = (count: number) => values(...Array.from({ length: count }, (_, i) => i));

function padded(
  name: string,
  dtype: DType,
  shape: readonly number[],
  mode: PadAttributes["mode"],
  pads: PadAttributes["pads"],
  value?: number,
  data?: CaseData,
): Case {
  const by = pads.map(([before, after]) => `${before}.${after}`).join("_");
  return defineCase(
    `pad/${mode}/${dtype}/${name}${shapeName(shape)}-by${by === "" ? "nothing" : by}${value === undefined ? "" : `-value${value}`}`,
    {
      op: "pad",
      inputs: [shaped(dtype, ...shape)],
      attributes: { pads, mode, ...(value === undefined ? {} : { value }) },
    },
    data ?? { inputs: [anyFormat(dtype)] },
  );
}

const modes = ["constant", "reflect", "edge", "wrap"] as const;
const line = (
  mode: PadAttributes["mode"],
  pads: readonly [number, number],
  expected: readonly number[],
  value?: number,
) => padded("by-hand/", "int8", [4], mode, [pads], value, { inputs: [ascending(4)], expected: [expected] });

export const pad: readonly Case[] = [
  ...wholeBytes.flatMap((dtype) => [
    padded(
      "",
      dtype,
      [3, 4],
      "constant",
      [
        [1, 2],
        [0, 3],
      ],
      dtype === "bool" ? 1 : 5,
    ),
    padded("", dtype, [3, 4], "reflect", [
      [1, 2],
      [0, 3],
    ]),
  ]),
  ...modes.flatMap((mode) => [
    padded("shapes/", "float32", [3], mode, [[2, 1]]),
    padded("shapes/", "float32", [2, 3, 4], mode, [
      [0, 0],
      [1, 1],
      [2, 0],
    ]),
    padded("shapes/", "float32", [1, 2, 5, 5], mode, [
      [0, 0],
      [0, 0],
      [1, 2],
      [2, 1],
    ]),
    padded("shapes/", "float32", [5, 6], mode, [
      [-1, 0],
      [-2, -1],
    ]),
    padded("shapes/", "float32", [5, 6], mode, [
      [-1, 2],
      [1, -3],
    ]),
    padded("shapes/", "float32", [4], mode, [[0, 0]]),
    padded("shapes/", "uint8", [3, 33], mode, [
      [0, 1],
      [1, 0],
    ]),
  ]),
  padded(
    "shapes/",
    "float32",
    [0, 2],
    "constant",
    [
      [2, 0],
      [0, 1],
    ],
    3,
  ),
  padded("shapes/", "float32", [3], "constant", [[-3, 0]]),
  padded("shapes/", "float32", [], "constant", []),
  padded("value/", "float32", [2], "constant", [[1, 1]], nan),
  padded("value/", "float32", [2], "constant", [[1, 1]], -inf),
  padded("value/", "float16", [2], "constant", [[1, 1]], -0.1),
  padded("value/", "float8_e4m3fn", [2], "constant", [[1, 1]], 1.5),
  padded("value/", "int8", [2], "constant", [[1, 1]], -128),
  line("constant", [2, 1], [0, 0, 0, 1, 2, 3, 0]),
  line("constant", [1, 1], [9, 0, 1, 2, 3, 9], 9),
  line("constant", [-1, 1], [1, 2, 3, 0]),
  line("edge", [2, 1], [0, 0, 0, 1, 2, 3, 3]),
  line("reflect", [2, 3], [2, 1, 0, 1, 2, 3, 2, 1, 0]),
  line("wrap", [2, 1], [2, 3, 0, 1, 2, 3, 0]),
];
