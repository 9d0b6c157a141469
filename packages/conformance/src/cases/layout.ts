/** Cases of transpose and concat: every format of whole bytes, every axis, the edges. */
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { anyFormat, shaped, shapeName, values, wholeBytes } from "./helpers.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function transposed(
  name: string,
  dtype: DType,
  shape: readonly number[],
  perm: readonly number[],
  data?: CaseData,
): Case {
  return defineCase(
    `transpose/${dtype}/${name}${shapeName(shape)}-to${perm.join("")}`,
    { op: "transpose", inputs: [shaped(dtype, ...shape)], attributes: { perm } },
    data ?? { inputs: [anyFormat(dtype)] },
  );
}

export const transpose: readonly Case[] = [
  ...wholeBytes.map((dtype) => transposed("", dtype, [3, 5, 7], [2, 0, 1])),
  ...(
    [
      [[], []],
      [[7], [0]],
      [
        [1, 9],
        [1, 0],
      ],
      [
        [33, 31],
        [1, 0],
      ],
      [
        [2, 3, 4],
        [0, 2, 1],
      ],
      [
        [2, 3, 4],
        [1, 0, 2],
      ],
      [
        [2, 3, 4, 5],
        [0, 2, 3, 1],
      ],
      [
        [2, 3, 4, 5],
        [0, 3, 1, 2],
      ],
      [
        [2, 3, 4, 5],
        [3, 2, 1, 0],
      ],
      [
        [2, 1, 3, 2, 2],
        [4, 0, 2, 1, 3],
      ],
      [
        [0, 3],
        [1, 0],
      ],
    ] as const
  ).flatMap(([shape, perm]) => [
    transposed("", "float32", shape, perm),
    transposed("shapes/", "int8", shape, perm),
  ]),
  transposed("by-hand/", "int8", [2, 3], [1, 0], {
    inputs: [values(1, 2, 3, 4, 5, 6)],
    expected: [[1, 4, 2, 5, 3, 6]],
  }),
  transposed("by-hand/", "float32", [2, 2], [1, 0], {
    inputs: [values(nan, -0, inf, 2 ** -149)],
    expected: [[nan, inf, -0, 2 ** -149]],
  }),
];

function joined(
  name: string,
  dtype: DType,
  shapes: readonly (readonly number[])[],
  axis: number,
  data?: CaseData,
): Case {
  return defineCase(
    `concat/${dtype}/${name}${shapes.map(shapeName).join("and")}-axis${axis}`,
    { op: "concat", inputs: shapes.map((shape) => shaped(dtype, ...shape)), attributes: { axis } },
    data ?? { inputs: shapes.map(() => anyFormat(dtype)) },
  );
}

export const concat: readonly Case[] = [
  ...wholeBytes.map((dtype) =>
    joined(
      "",
      dtype,
      [
        [2, 3],
        [2, 1],
        [2, 5],
      ],
      1,
    ),
  ),
  ...(["float32", "uint8"] as const).flatMap((dtype) => [
    joined("shapes/", dtype, [[3, 5]], 0),
    joined("shapes/", dtype, [[7], [9], [1]], 0),
    joined(
      "shapes/",
      dtype,
      [
        [2, 3, 4],
        [1, 3, 4],
      ],
      0,
    ),
    joined(
      "shapes/",
      dtype,
      [
        [2, 3, 4],
        [2, 2, 4],
        [2, 1, 4],
      ],
      1,
    ),
    joined(
      "shapes/",
      dtype,
      [
        [2, 0],
        [2, 3],
        [2, 0],
      ],
      1,
    ),
    joined(
      "shapes/",
      dtype,
      [
        [0, 3],
        [0, 3],
      ],
      0,
    ),
    joined(
      "shapes/",
      dtype,
      [
        [1, 33],
        [1, 31],
        [1, 8],
        [1, 1],
        [1, 65],
      ],
      1,
    ),
  ]),
  joined(
    "by-hand/",
    "int32",
    [
      [2, 1],
      [2, 2],
    ],
    1,
    { inputs: [values(1, 2), values(3, 4, 5, 6)], expected: [[1, 3, 4, 2, 5, 6]] },
  ),
];
