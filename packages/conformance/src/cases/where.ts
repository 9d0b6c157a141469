/** Cases of where: every format of whole bytes, and each input repeated along each axis. */
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { anyFormat, shaped, shapeName, values, wholeBytes } from "./helpers.ts";

type Shapes = readonly [condition: readonly number[], a: readonly number[], b: readonly number[]];

function chosen(name: string, dtype: DType, shapes: Shapes, data?: CaseData): Case {
  const [condition, a, b] = shapes;
  return defineCase(
    `where/${dtype}/${name}${shapes.map(shapeName).join("and")}`,
    {
      op: "where",
      inputs: [shaped("bool", ...condition), shaped(dtype, ...a), shaped(dtype, ...b)],
      attributes: {},
    },
    data ?? { inputs: [{ min: 0, max: 1 }, anyFormat(dtype), anyFormat(dtype)] },
  );
}

const broadcasts: readonly Shapes[] = [
  [[], [], []],
  [[33], [33], [33]],
  [[], [3, 5], [3, 5]],
  [[3, 5], [], []],
  [[3, 5], [5], [3, 1]],
  [[2, 1, 4], [1, 3, 1], [4]],
  [[1], [7], [1]],
  [[0, 3], [3], []],
];

export const where: readonly Case[] = [
  ...wholeBytes.map((dtype) => chosen("", dtype, [[3, 7], [3, 7], [7]])),
  ...broadcasts.flatMap((shapes) => [
    chosen("shapes/", "float32", shapes),
    chosen("shapes/", "int8", shapes),
  ]),
  chosen("by-hand/", "float32", [[4], [4], [4]], {
    inputs: [values(1, 0, 0, 1), values(1, Number.NaN, 3, -0), values(5, 6, Number.NaN, 8)],
    expected: [[1, 6, Number.NaN, -0]],
  }),
];
