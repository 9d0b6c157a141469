/** Cases of gather: every format of whole bytes, every axis, indices of every rank and sign. */
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { anyFormat, shaped, shapeName, values, wholeBytes } from "./helpers.ts";

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
