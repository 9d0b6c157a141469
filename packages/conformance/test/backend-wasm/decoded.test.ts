/** Weights that become floats as they are used, beyond the suite's cases: rows, parts of panels, blocks and windows. */
import type { WeightFormat } from "@bitbudget/backend";
import { type Case, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

/** Rows, terms, channels, terms of a block. */
const sizes = [
  [1, 64, 24, 16],
  [1, 70, 23, 32],
  [1, 264, 9, 256],
  [2, 40, 45, 20],
  [2, 530, 7, 260],
  [3, 33, 8, 12],
  [7, 13, 11, 7],
  [9, 1100, 3, 1000],
  [101, 24, 17, 8],
  [2, 0, 9, 32],
  [0, 32, 9, 16],
] as const;

const dtypes: readonly WeightFormat["dtype"][] = ["int4", "uint4", "int2", "uint2", "int8", "uint8"];

const linears: Case[] = sizes.flatMap(([rows, depth, channels, size], i) => {
  const granularities = [{ kind: "block", size }, { kind: "channel" }, { kind: "tensor" }] as const;
  const coded = dtypes.flatMap((dtype, j) =>
    [false, true].map(
      (zeroPoint, l): WeightFormat => ({ dtype, granularity: granularities[(i + j + l) % 3]!, zeroPoint }),
    ),
  );
  return [...coded, { dtype: "float16" } as const, { dtype: "bfloat16" } as const].map((weight, j) => {
    const { dtype, granularity, zeroPoint } = weight as WeightFormat;
    return defineCase(
      `linear/decoded/${rows}x${depth}to${channels}/${dtype}-${granularity?.kind}${size}${zeroPoint ? "/zp" : ""}`,
      {
        op: "linear",
        inputs: [{ dtype: "float32", shape: [rows, depth] }],
        attributes: {
          channels,
          weight,
          output: "float32",
          ...(j % 3 === 0 && { bias: "float32", activation: { fn: "relu" } }),
        },
      },
    );
  });
});

/** Kernel, groups, channels of the image and of the result. */
const windows = [
  [[3, 3], 1, 5, 9],
  [[1, 1], 1, 16, 10],
  [[3, 2], 2, 6, 4],
  [[3, 3], 6, 6, 6],
] as const;

const convolutions: Case[] = windows.flatMap(([kernel, groups, from, channels]) =>
  (["nhwc", "nchw"] as const).flatMap((layout) =>
    (
      [
        { dtype: "int8", granularity: { kind: "channel" }, zeroPoint: true },
        { dtype: "int4", granularity: { kind: "block", size: 7 } },
        { dtype: "uint2", granularity: { kind: "block", size: 8 }, zeroPoint: true },
        { dtype: "float16" },
        { dtype: "bfloat16" },
      ] as const
    ).map((weight) =>
      defineCase(
        `conv2d/decoded/${kernel.join("x")}/${groups}/${from}to${channels}/${layout}/${weight.dtype}`,
        {
          op: "conv2d",
          inputs: [{ dtype: "float32", shape: layout === "nhwc" ? [2, 5, 7, from] : [2, from, 5, 7] }],
          attributes: {
            layout,
            kernel,
            groups,
            channels,
            strides: [1, 1],
            dilations: [1, 1],
            pads: kernel[0] === 1 ? [0, 0, 0, 0] : [1, 1, 1, 1],
            weight,
            bias: "float32",
            output: "float32",
          },
        },
      ),
    ),
  ),
);

describeInPieces([...linears, ...convolutions]);
