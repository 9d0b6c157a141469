/** Cases of scatterAdd: every axis, indices of every rank and sign, many at one place and none. */
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { shaped, shapeName, values } from "./helpers.ts";

/** @param shape of the result */
function scattered(
  name: string,
  dtype: DType,
  shape: readonly number[],
  indices: readonly number[],
  axis: number,
  { format = "int32", data }: { readonly format?: "int32" | "int64"; readonly data?: CaseData } = {},
): Case {
  const size = shape[axis] ?? 1;
  const updates = [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
  return defineCase(
    `scatterAdd/${dtype}/${name}${format}-${shapeName(indices)}-into-${shapeName(shape)}-axis${axis}`,
    {
      op: "scatterAdd",
      inputs: [shaped(format, ...indices), shaped(dtype, ...updates)],
      attributes: { axis, size },
    },
    data ?? { inputs: [{ min: -size, max: size - 1 }] },
  );
}

export const scatterAdd: readonly Case[] = [
  ...(["float32", "float64"] as const).flatMap((dtype) =>
    (["int32", "int64"] as const).flatMap((format) => [
      scattered("", dtype, [9], [], 0, { format }),
      scattered("", dtype, [9], [2, 3], 0, { format }),
      scattered("", dtype, [5, 7], [12], 0, { format }),
      scattered("", dtype, [4, 33], [5], 1, { format }),
      scattered("", dtype, [2, 3, 5], [4], 1, { format }),
      scattered("", dtype, [2, 3, 5], [2, 2], 2, { format }),
      scattered("", dtype, [50, 17], [3, 7], 0, { format }),
      scattered("", dtype, [5, 3], [0], 0, { format }),
      scattered("", dtype, [5, 0], [2], 0, { format }),
    ]),
  ),
  // All at one place: one long sum.
  scattered("one-place/", "float32", [3, 4], [64], 0, { data: { inputs: [values(1)] } }),
  scattered("by-hand/", "float32", [3, 2], [4], 0, {
    data: {
      inputs: [values(2, 0, -1, -3), values(1, 2, 30, 40, 500, 600, 7000, 8000)],
      expected: [[7030, 8040, 0, 0, 501, 602]],
    },
  }),
  scattered("by-hand/", "float32", [2, 3], [2], 1, {
    format: "int64",
    data: { inputs: [values(1, 1), values(1, 2, 3, 4)], expected: [[0, 3, 0, 0, 7, 0]] },
  }),
  scattered("not-finite/", "float32", [3], [4], 0, {
    data: {
      inputs: [
        values(0, 1, 1, 2),
        values(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
      ],
      expected: [[Number.NaN, Number.NaN, 0]],
    },
  }),
];
