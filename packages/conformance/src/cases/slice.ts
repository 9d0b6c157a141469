/** Cases of slice and expand: every format of whole bytes, steps of both signs, axes repeated in all positions. */
import type { SliceAttributes } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { anyFormat, shaped, shapeName, values, wholeBytes } from "./helpers.ts";

/** `[start, step, size]` of each axis. */
type Ranges = readonly (readonly [number, number, number])[];

function sliced(name: string, dtype: DType, shape: readonly number[], ranges: Ranges, data?: CaseData): Case {
  const attributes: SliceAttributes = {
    starts: ranges.map(([start]) => start),
    steps: ranges.map(([, step]) => step),
    sizes: ranges.map(([, , size]) => size),
  };
  const of = ranges.map(([start, step, size]) => `${size}from${start}by${step}`).join("_");
  return defineCase(
    `slice/${dtype}/${name}${shapeName(shape)}${of === "" ? "" : `-${of}`}`,
    { op: "slice", inputs: [shaped(dtype, ...shape)], attributes },
    data ?? { inputs: [anyFormat(dtype)] },
  );
}

export const slice: readonly Case[] = [
  ...wholeBytes.map((dtype) =>
    sliced(
      "",
      dtype,
      [4, 7],
      [
        [1, 1, 2],
        [6, -2, 3],
      ],
    ),
  ),
  ...(["float32", "int8"] as const).flatMap((dtype) => [
    sliced("shapes/", dtype, [], []),
    sliced("shapes/", dtype, [9], [[0, 1, 9]]),
    sliced("shapes/", dtype, [33], [[1, 1, 31]]),
    sliced("shapes/", dtype, [33], [[32, -1, 33]]),
    sliced("shapes/", dtype, [9], [[8, 1, 1]]),
    sliced("shapes/", dtype, [9], [[3, 1, 0]]),
    sliced(
      "shapes/",
      dtype,
      [2, 3, 8],
      [
        [0, 1, 2],
        [2, -2, 2],
        [1, 3, 3],
      ],
    ),
    sliced(
      "shapes/",
      dtype,
      [1, 4, 6, 6],
      [
        [0, 1, 1],
        [2, 1, 2],
        [0, 2, 3],
        [1, 2, 3],
      ],
    ),
    sliced(
      "shapes/",
      dtype,
      [0, 3],
      [
        [0, 1, 0],
        [1, 1, 2],
      ],
    ),
  ]),
  sliced(
    "by-hand/",
    "int32",
    [2, 3],
    [
      [1, -1, 2],
      [0, 2, 2],
    ],
    { inputs: [values(1, 2, 3, 4, 5, 6)], expected: [[4, 6, 1, 3]] },
  ),
];

function expanded(
  name: string,
  dtype: DType,
  from: readonly number[],
  to: readonly number[],
  data?: CaseData,
): Case {
  return defineCase(
    `expand/${dtype}/${name}${shapeName(from)}to${shapeName(to)}`,
    { op: "expand", inputs: [shaped(dtype, ...from)], attributes: { shape: to } },
    data ?? { inputs: [anyFormat(dtype)] },
  );
}

export const expand: readonly Case[] = [
  ...wholeBytes.map((dtype) => expanded("", dtype, [3, 1], [2, 3, 5])),
  ...(["float32", "uint8"] as const).flatMap((dtype) => [
    expanded("shapes/", dtype, [], [3, 3]),
    expanded("shapes/", dtype, [], []),
    expanded("shapes/", dtype, [1], [33]),
    expanded("shapes/", dtype, [7], [3, 7]),
    expanded("shapes/", dtype, [1, 3, 1], [2, 3, 4]),
    expanded("shapes/", dtype, [2, 1, 1], [2, 3, 9]),
    expanded("shapes/", dtype, [2, 3], [2, 3]),
    expanded("shapes/", dtype, [1, 2], [0, 2]),
  ]),
  expanded("by-hand/", "int32", [2, 1], [2, 3], { inputs: [values(1, 2)], expected: [[1, 1, 1, 2, 2, 2]] }),
];
