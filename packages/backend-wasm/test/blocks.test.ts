/** Weights in blocks beyond the suite's cases: heights of tiles, widths of panels, sizes of blocks and what is left over. */
import type { WeightFormat } from "@bitbudget/backend";
import { type Case, defineCase } from "@bitbudget/conformance";
import { describeInPieces } from "./in-pieces.ts";

/** Rows, terms, channels, terms of a block. */
const sizes = [
  [1, 64, 24, 16],
  [1, 72, 23, 32],
  [1, 257, 9, 256],
  [2, 40, 17, 20],
  [3, 33, 8, 12],
  [4, 100, 16, 64],
  [5, 31, 7, 128],
  [6, 48, 3, 24],
  [7, 13, 11, 7],
  [9, 96, 40, 32],
  [101, 24, 9, 8],
  // Sums of codes beyond 16 bits.
  [2, 900, 5, 900],
] as const;

const formats: readonly WeightFormat["dtype"][] = ["int4", "uint4", "int2", "uint2", "int8", "uint8"];

const dynamics = [
  { dtype: "int8", granularity: "block" },
  { dtype: "int8", granularity: "row" },
] as const;

const cases: Case[] = sizes.flatMap(([rows, depth, channels, size], i) =>
  formats.flatMap((dtype, j) =>
    [false, true].map((zeroPoint) => {
      const dynamic = dynamics[(i + j) % 2]!;
      return defineCase(
        `linear/blocks/${rows}x${depth}to${channels}/${dynamic.granularity}x${dtype}-block${size}${zeroPoint ? "/zp" : ""}`,
        {
          op: "linear",
          inputs: [{ dtype: "float32", shape: [rows, depth] }],
          attributes: {
            channels,
            weight: { dtype, granularity: { kind: "block", size }, ...(zeroPoint && { zeroPoint }) },
            output: "float32",
            dynamic,
            ...(j % 2 === 0 && { bias: "float32", activation: { fn: "relu" } }),
          },
        },
      );
    }),
  ),
);

describeInPieces(cases);
