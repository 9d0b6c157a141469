/** Cases of poolGrad: both kinds over all kinds of windows, equal elements, NaN, and what counts in an average. */
import { type PoolGradAttributes, windowCount } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { shaped, values } from "./helpers.ts";
import { type PoolGeometry, plain, poolGeometries } from "./pool-geometries.ts";

function grad(
  name: string,
  dtype: DType,
  image: PoolGeometry["image"],
  attributes: Omit<PoolGradAttributes, "size">,
  data: CaseData = {},
): Case {
  const { kind, kernel, strides, dilations, pads, ceil, countIncludePad } = attributes;
  const [batch, channels, height, width] = image;
  const rows = windowCount(height, kernel[0], strides[0], dilations[0], pads[0], pads[2], ceil);
  const columns = windowCount(width, kernel[1], strides[1], dilations[1], pads[1], pads[3], ceil);
  const dy = shaped(dtype, batch, channels, rows, columns);
  const isMax = kind === "max";
  return defineCase(
    `poolGrad/${kind}/${dtype}/${name}${countIncludePad ? "-with-padding" : ""}`,
    {
      op: "poolGrad",
      inputs: isMax ? [shaped(dtype, ...image), dy] : [dy],
      attributes: isMax ? attributes : { ...attributes, size: [height, width] },
    },
    data,
  );
}

const kinds = [
  { kind: "max" },
  { kind: "average" },
  { kind: "average", countIncludePad: true },
] as const satisfies readonly Partial<PoolGradAttributes>[];
const { NaN: nan, NEGATIVE_INFINITY: lowest } = Number;
/** Windows 0 1, 1 2, 2 3 of a row. */
const row = { image: [1, 1, 1, 4], window: { ...plain, kernel: [1, 2] } } as const;
const max = (name: string, x: readonly number[], expected: readonly number[]) =>
  grad(
    name,
    "float32",
    row.image,
    { ...row.window, kind: "max" },
    { inputs: [values(...x), values(10, 200, 3000)], expected: [expected] },
  );

export const poolGrad: readonly Case[] = [
  ...(["float32", "float64"] as const).flatMap((dtype) =>
    kinds.flatMap((kind) =>
      poolGeometries.map(({ name, image, ...window }) => grad(name, dtype, image, { ...window, ...kind })),
    ),
  ),
  // Few different numbers: most windows have several largest elements.
  ...poolGeometries.map(({ name, image, ...window }) =>
    grad(
      `equal/${name}`,
      "float32",
      image,
      { ...window, kind: "max" },
      { inputs: [{ min: -1, max: 1, step: 1, also: [nan] }] },
    ),
  ),
  max("by-hand", [1, 3, 2, 5], [0, 210, 0, 3000]),
  max("by-hand-equal", [7, 7, 7, 7], [10, 200, 3000, 0]),
  max("by-hand-zeros", [-0, 0, -0, 0], [10, 200, 3000, 0]),
  max("by-hand-nan", [nan, nan, 5, nan], [10, 200, 0, 3000]),
  max("by-hand-lowest", [lowest, lowest, lowest, 1], [10, 200, 0, 3000]),
  // Padding is never the maximum.
  grad(
    "by-hand-padded",
    "float32",
    [1, 1, 1, 2],
    { ...plain, kernel: [1, 2], pads: [0, 1, 0, 1], kind: "max" },
    { inputs: [values(-5, -3), values(1, 20, 300)], expected: [[1, 320]] },
  ),
  grad(
    "by-hand-overlap",
    "float32",
    row.image,
    { ...row.window, kind: "average" },
    { inputs: [values(2, 4, 6)], expected: [[1, 3, 5, 3]] },
  ),
  // At both ends a window has two elements, or with the padding three places.
  ...([false, true] as const).map((countIncludePad) =>
    grad(
      "by-hand-padded",
      "float32",
      [1, 1, 1, 3],
      { ...plain, kernel: [1, 3], pads: [0, 1, 0, 1], kind: "average", countIncludePad },
      {
        inputs: [values(6, 12, 18)],
        expected: [countIncludePad ? [2 + 4, 2 + 4 + 6, 4 + 6] : [3 + 4, 3 + 4 + 9, 4 + 9]],
      },
    ),
  ),
  // The last window hangs over the end of the image, where nothing counts.
  grad(
    "by-hand-overhang",
    "float32",
    row.image,
    { ...plain, kernel: [1, 3], strides: [1, 2], ceil: true, kind: "average", countIncludePad: true },
    { inputs: [values(6, 8)], expected: [[2, 2, 6, 4]] },
  ),
];
