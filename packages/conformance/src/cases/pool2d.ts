/** Cases of pool2d: both kinds over all kinds of windows, and the edges of what counts in an average. */
import type { Layout, Pool2dAttributes } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { floats, shaped, values } from "./helpers.ts";
import { spread } from "./pairwise.ts";
import { type PoolGeometry, plain, poolGeometries } from "./pool-geometries.ts";

function pool(
  name: string,
  dtype: DType,
  [n, c, h, w]: PoolGeometry["image"],
  attributes: Pool2dAttributes,
  data: CaseData = {},
): Case {
  const shape = attributes.layout === "nchw" ? [n, c, h, w] : [n, h, w, c];
  return defineCase(
    `pool2d/${attributes.kind}/${dtype}/${name}-${attributes.layout}`,
    { op: "pool2d", inputs: [shaped(dtype, ...shape)], attributes },
    data,
  );
}

const layouts: readonly Layout[] = ["nchw", "nhwc"];
const kinds = [
  ...[...floats, "int8" as const, "uint8" as const].map((dtype) => ({
    kind: "max" as const,
    dtype,
    countIncludePad: false,
  })),
  ...floats.flatMap((dtype) =>
    [false, true].map((countIncludePad) => ({ kind: "average" as const, dtype, countIncludePad })),
  ),
];
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

export const pool2d: readonly Case[] = [
  ...spread(
    kinds.flatMap((of) => poolGeometries.slice(0, 6).map(() => ({ of }))),
    { of: kinds, geometry: poolGeometries, layout: layouts },
  ).map(({ of: { kind, dtype, countIncludePad }, geometry: { name, image, ...window }, layout }) =>
    pool(`${name}${countIncludePad ? "-with-padding" : ""}`, dtype, image, {
      ...window,
      kind,
      layout,
      ...(countIncludePad ? { countIncludePad } : {}),
    }),
  ),
  ...layouts.flatMap((layout) => [
    pool(
      "by-hand",
      "float32",
      [1, 1, 2, 3],
      { ...plain, kind: "max", layout, kernel: [2, 2] },
      {
        inputs: [values(1, 2, 3, 6, 5, 4)],
        expected: [[6, 5]],
      },
    ),
    // Corners see one element, the middle of an edge two.
    pool(
      "by-hand-padding-does-not-count",
      "float32",
      [1, 1, 1, 3],
      { ...plain, kind: "average", layout, kernel: [1, 3], pads: [0, 1, 0, 1] },
      {
        inputs: [values(3, 6, 12)],
        expected: [[4.5, 7, 9]],
      },
    ),
    pool(
      "by-hand-padding-counts",
      "float32",
      [1, 1, 1, 3],
      { ...plain, kind: "average", layout, kernel: [1, 3], pads: [0, 1, 0, 1], countIncludePad: true },
      { inputs: [values(3, 6, 12)], expected: [[3, 7, 6]] },
    ),
    // The last window hangs over the end of the image: what lies there is no padding and never counts.
    pool(
      "by-hand-overhang-never-counts",
      "float32",
      [1, 1, 1, 4],
      {
        ...plain,
        kind: "average",
        layout,
        kernel: [1, 3],
        strides: [1, 2],
        ceil: true,
        countIncludePad: true,
      },
      { inputs: [values(3, 6, 12, 8)], expected: [[7, 10]] },
    ),
    // Padding is never the maximum.
    pool(
      "negative-with-padding",
      "float32",
      [1, 1, 1, 2],
      { ...plain, kind: "max", layout, kernel: [1, 3], pads: [0, 1, 0, 1] },
      {
        inputs: [values(-5, -3)],
        expected: [[-3, -3]],
      },
    ),
    pool(
      "lowest-with-padding",
      "int8",
      [1, 1, 1, 2],
      { ...plain, kind: "max", layout, kernel: [1, 3], pads: [0, 1, 0, 1] },
      {
        inputs: [values(-128, -127)],
        expected: [[-127, -127]],
      },
    ),
    pool(
      "nan-and-infinity",
      "float32",
      [1, 1, 1, 5],
      { ...plain, kind: "max", layout, kernel: [1, 2] },
      {
        inputs: [values(-inf, -inf, 1, nan, inf)],
        expected: [[-inf, 1, nan, nan]],
      },
    ),
    pool(
      "nan-and-infinity",
      "float32",
      [1, 1, 1, 5],
      { ...plain, kind: "average", layout, kernel: [1, 2] },
      {
        inputs: [values(-inf, 1, 2, nan, inf)],
        expected: [[-inf, 1.5, nan, nan]],
      },
    ),
  ]),
];
