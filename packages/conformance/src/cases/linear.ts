/** Cases of linear: every operand combination over shapes around the widths of vectors, and the edges. */
import { linearDepth } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, defineCase } from "../case.ts";
import { shaped, shapeName } from "./helpers.ts";
import { linearEdges } from "./linear-edges.ts";
import { weightedChoices, weightedData } from "./weighted.ts";

/** Shape of the input, and channels. */
const shapes: readonly (readonly [shape: readonly number[], channels: number])[] = [
  [[1, 1], 1],
  [[1, 2], 3],
  [[2, 3], 5],
  [[3, 7], 8],
  [[4, 8], 9],
  [[5, 9], 7],
  [[6, 15], 16],
  [[7, 16], 17],
  [[8, 17], 4],
  [[1, 31], 33],
  [[1, 32], 32],
  [[2, 33], 31],
  [[1, 64], 8],
  [[9, 65], 10],
  [[1, 130], 5],
  [[33, 20], 34],
  [[13], 6],
  [[2, 3, 5], 3],
];

export const linear: readonly Case[] = [
  ...weightedChoices(
    "linear",
    shapes.map(([shape, channels]) => ({ name: `${shapeName(shape)}to${channels}`, shape, channels })),
  ).map(({ name, activation, attributes, geometry: { shape, channels } }) => {
    const inputs = [shaped(activation, ...shape)];
    return defineCase(
      `linear/${name}`,
      { op: "linear", inputs, attributes: { ...attributes, channels } },
      weightedData(activation, attributes, linearDepth({ inputs })),
    );
  }),
  ...large("float32", { weight: { dtype: "float32" }, output: "float32", bias: "float32" }),
  ...large("uint8", {
    weight: { dtype: "int8", granularity: { kind: "channel" } },
    output: "uint8",
    bias: "int32",
  }),
  ...large("float32", {
    weight: { dtype: "int4", granularity: { kind: "block", size: 32 } },
    output: "float32",
    dynamic: { dtype: "int8", granularity: "block" },
  }),
  ...linearEdges,
];

/** Shapes that are larger than any tile, and multiples of none. */
function large(activation: DType, attributes: Parameters<typeof weightedData>[1]): Case[] {
  const sizes = [
    [1, 515, 67],
    [67, 130, 70],
  ] as const;
  return sizes.map(([rows, depth, channels]) =>
    defineCase(
      `linear/large/${activation}x${attributes.weight.dtype}/${rows}x${depth}to${channels}`,
      { op: "linear", inputs: [shaped(activation, rows, depth)], attributes: { ...attributes, channels } },
      weightedData(activation, attributes, depth),
    ),
  );
}
