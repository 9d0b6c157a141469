/** Resize of images in both layouts: channels and widths around vectors, kernels of every width, edges and what lies outside. */
import type { ResizeAttributes } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

function resized(
  shape: readonly number[],
  sizes: readonly number[],
  attributes: Partial<ResizeAttributes>,
  dtype: DType = "float32",
): Case {
  const plain = { mode: "linear", coordinates: "half_pixel" } as const;
  return defineCase(`${dtype} ${shape.join("x")} to ${sizes.join("x")} ${JSON.stringify(attributes)}`, {
    op: "resize",
    inputs: [{ dtype, shape }],
    attributes: { ...plain, ...attributes, sizes },
  });
}

const lengths = [1, 3, 4, 5, 8, 13, 17];
const kinds: readonly Partial<ResizeAttributes>[] = [
  { mode: "linear" },
  { mode: "cubic" },
  { mode: "linear", antialias: true },
  { mode: "cubic", antialias: true, excludeOutside: true },
  { mode: "nearest", coordinates: "asymmetric", nearest: "floor" },
];

describeInPieces([
  ...kinds.flatMap((kind) =>
    lengths.flatMap((n) => [
      resized([1, 4, 5, n], [1, 8, 3, n], kind),
      resized([1, 2, 6, 7], [1, 2, 9, n], kind),
      resized([2, 9, n, 1], [2, 4, 11, 1], kind),
    ]),
  ),
  // A third axis, and none.
  resized([4, 5, 6], [7, 3, 9], { mode: "linear" }),
  resized([4, 5], [4, 5], { mode: "cubic" }),
  ...(["linear", "cubic", "nearest"] as const).map((mode) =>
    resized([1, 5, 6, 3], [1, 7, 9, 3], {
      ...{ mode, coordinates: "tf_crop_and_resize", extrapolation: 7 },
      roi: [0, -0.2, 0.1, 0, 1, 0.9, 1.3, 1],
    }),
  ),
  ...(["uint8", "int32", "float16", "float64"] as const).flatMap((dtype) => [
    resized([1, 4, 5, 3], [1, 8, 7, 3], { mode: "nearest" }, dtype),
    resized([1, 3, 4, 5], [1, 3, 8, 10], { mode: "nearest" }, dtype),
  ]),
]);
