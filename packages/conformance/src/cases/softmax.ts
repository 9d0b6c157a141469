/** Cases of softmax: every format and axis, logarithms, large and masked logits. */
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { floats, shaped, shapeName, values } from "./helpers.ts";

const geometries: readonly (readonly [shape: readonly number[], axis: number])[] = [
  [[1], 0],
  [[7], 0],
  [[3, 33], 1],
  [[9, 4], 0],
  [[2, 3, 5], 1],
  [[2, 130], 1],
  [[4, 1], 1],
  [[0, 3], 1],
];

function softmaxCase(
  name: string,
  dtype: DType,
  shape: readonly number[],
  axis: number,
  log: boolean,
  data: CaseData,
): Case {
  const kind = log ? "log" : "plain";
  return defineCase(
    `softmax/${kind}/${dtype}/${name}`,
    { op: "softmax", inputs: [shaped(dtype, ...shape)], attributes: { axis, log } },
    data,
  );
}

export const softmax: readonly Case[] = [
  ...floats.flatMap((dtype) =>
    [false, true].flatMap((log) =>
      geometries.map(([shape, axis]) =>
        softmaxCase(`${shapeName(shape)}-axis${axis}`, dtype, shape, axis, log, {
          inputs: [{ min: -8, max: 8 }],
        }),
      ),
    ),
  ),
  softmaxCase("by-hand", "float32", [2, 4], 1, false, {
    inputs: [values(0, 0, 0, 0, 5, 5, 5, 5)],
    expected: [[0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25]],
  }),
  softmaxCase("by-hand", "float32", [2], 0, true, {
    inputs: [values(3, 3)],
    expected: [[-Math.LN2, -Math.LN2]],
  }),
  // Only differences count: exponentials of these overflow every format.
  softmaxCase("large-logits", "float32", [3], 0, false, {
    inputs: [values(10000, 10000, -10000)],
    expected: [[0.5, 0.5, 0]],
  }),
  softmaxCase("large-logits", "float32", [2], 0, true, {
    inputs: [values(10000, 9000)],
    expected: [[0, -1000]],
  }),
  softmaxCase("masked", "float32", [2, 3], 1, false, {
    inputs: [values(1, Number.NEGATIVE_INFINITY, 1, -3e38, 2, 2)],
    expected: [[0.5, 0, 0.5, 0, 0.5, 0.5]],
  }),
  softmaxCase("nan", "float32", [4, 2], 1, false, {
    inputs: [
      values(
        Number.NaN,
        1,
        Number.POSITIVE_INFINITY,
        1,
        Number.NEGATIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        3,
        3,
      ),
    ],
    expected: [[Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0.5, 0.5]],
  }),
];
