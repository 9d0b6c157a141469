/** Cases of transpose, concat, gather and pad: every format of whole bytes, every axis, the edges. */
import type { PadAttributes } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { anyFormat, shaped, shapeName, values, wholeBytes } from "./helpers.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const ascending = (count: number) => values(...Array.from({ length: count }, (_, i) => i));

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

function gathered(
  name: string,
  dtype: DType,
  shape: readonly number[],
  indices: readonly number[],
  axis: number,
  data?: CaseData,
): Case {
  const length = shape[axis] ?? 1;
  return defineCase(
    `gather/${dtype}/${name}${shapeName(shape)}-by${shapeName(indices)}-axis${axis}`,
    { op: "gather", inputs: [shaped(dtype, ...shape), shaped("int32", ...indices)], attributes: { axis } },
    data ?? { inputs: [anyFormat(dtype), { min: -length, max: length - 1 }] },
  );
}

export const gather: readonly Case[] = [
  ...wholeBytes.map((dtype) => gathered("", dtype, [5, 7], [3], 0)),
  ...(["float32", "int8"] as const).flatMap((dtype) => [
    gathered("shapes/", dtype, [9], [], 0),
    gathered("shapes/", dtype, [9], [2, 3], 0),
    gathered("shapes/", dtype, [4, 33], [5], 1),
    gathered("shapes/", dtype, [2, 3, 5], [4], 1),
    gathered("shapes/", dtype, [2, 3, 5], [2, 2], 2),
    gathered("shapes/", dtype, [100, 8], [1, 7], 0),
    gathered("shapes/", dtype, [5, 3], [0], 0),
    gathered("shapes/", dtype, [5, 0], [2], 0),
  ]),
  gathered("by-hand/", "float32", [3, 2], [4], 0, {
    inputs: [values(1, 2, 3, 4, 5, 6), values(2, 0, -1, -3)],
    expected: [[5, 6, 1, 2, 5, 6, 1, 2]],
  }),
];

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
