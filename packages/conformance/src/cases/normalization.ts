/** Cases of layerNorm and batchNorm: formats, axes, layouts, constant rows, offsets. */
import { type Case, defineCase } from "../case.ts";
import { floats, shaped, shapeName, values } from "./helpers.ts";

const layerGeometries: readonly (readonly [shape: readonly number[], axis: number])[] = [
  [[1, 2], 1],
  [[3, 7], 1],
  [[2, 33], 1],
  [[2, 3, 8], 2],
  [[2, 3, 4], 1],
  [[5, 6], 0],
  [[2, 130], 1],
  [[0, 4], 1],
];

const statistics = {
  scale: { min: 0.5, max: 1.5 },
  bias: { min: -1, max: 1 },
  mean: { min: -1, max: 1 },
  variance: { min: 0.25, max: 2 },
} as const;

export const layerNorm: readonly Case[] = [
  ...floats.flatMap((dtype, i) =>
    layerGeometries.flatMap(([shape, axis], j) =>
      [false, true].map((rms) => {
        const bias = (i + j) % 2 === 0;
        return defineCase(
          `layerNorm/${rms ? "rms" : "mean"}/${dtype}/${shapeName(shape)}-axis${axis}${bias ? "-bias" : ""}`,
          {
            op: "layerNorm",
            inputs: [shaped(dtype, ...shape)],
            attributes: { axis, epsilon: 1e-5, rms, bias },
          },
          { weights: statistics },
        );
      }),
    ),
  ),
  defineCase(
    "layerNorm/mean/float32/by-hand",
    { op: "layerNorm", inputs: [shaped("float32", 2, 2)], attributes: { axis: 1, epsilon: 0, bias: true } },
    {
      inputs: [values(1, 3, 10, 6)],
      weights: { scale: values(2, 3), bias: values(0.5, -0.5) },
      expected: [[-1.5, 2.5, 2.5, -3.5]],
    },
  ),
  defineCase(
    "layerNorm/rms/float32/by-hand",
    { op: "layerNorm", inputs: [shaped("float32", 1, 4)], attributes: { axis: 1, epsilon: 0, rms: true } },
    { inputs: [values(1, -1, 1, -1)], weights: { scale: values(1, 2, 3, 4) }, expected: [[1, -2, 3, -4]] },
  ),
  // Nothing but the bias is left of a row without deviation.
  defineCase(
    "layerNorm/mean/float32/constant-row",
    {
      op: "layerNorm",
      inputs: [shaped("float32", 2, 3)],
      attributes: { axis: 1, epsilon: 1e-5, bias: true },
    },
    {
      inputs: [values(0.1, 0.1, 0.1, 0, 0, 0)],
      weights: { scale: values(1), bias: values(1, 2, 3) },
      expected: [[1, 2, 3, 1, 2, 3]],
    },
  ),
  // A mean of a hundred deviations: formulas that subtract squares lose it.
  defineCase(
    "layerNorm/mean/float32/large-mean",
    { op: "layerNorm", inputs: [shaped("float32", 1, 4)], attributes: { axis: 1, epsilon: 0 } },
    { inputs: [values(4095, 4097, 4095, 4097)], weights: { scale: values(1) }, expected: [[-1, 1, -1, 1]] },
  ),
];

const batchShapes = [
  [2, 3],
  [1, 5, 4, 3],
  [2, 8, 3],
  [3, 1, 2, 2],
  [0, 3, 2, 2],
] as const;

export const batchNorm: readonly Case[] = [
  ...floats.flatMap((dtype) =>
    (["nchw", "nhwc"] as const).flatMap((layout) =>
      batchShapes.map((shape) =>
        defineCase(
          `batchNorm/${dtype}/${shapeName(shape)}-${layout}`,
          { op: "batchNorm", inputs: [shaped(dtype, ...shape)], attributes: { epsilon: 1e-5, layout } },
          { weights: statistics },
        ),
      ),
    ),
  ),
  ...(["nchw", "nhwc"] as const).map((layout) =>
    defineCase(
      `batchNorm/float32/by-hand-${layout}`,
      { op: "batchNorm", inputs: [shaped("float32", 1, 2, 1, 2)], attributes: { epsilon: 0, layout } },
      {
        inputs: [values(1, 2, 3, 4)],
        weights: { scale: values(2, 1), bias: values(0, 10), mean: values(1, 2), variance: values(4, 0.25) },
        // (x - 1) / 2 * 2, (x - 2) / 0.5 + 10
        expected: [layout === "nchw" ? [0, 1, 12, 14] : [0, 10, 2, 14]],
      },
    ),
  ),
];
