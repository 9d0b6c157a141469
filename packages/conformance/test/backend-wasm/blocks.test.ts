/** Weights in blocks beyond the suite's cases: heights of tiles, widths of panels, sizes of blocks and what is left over. */
import type { WeightFormat } from "@bitbudget/backend";
import { type Case, defineCase } from "../../src/index.ts";
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
  // No terms at all, no rows, and sums of codes beyond 16 bits.
  [2, 0, 9, 32],
  [0, 32, 9, 16],
  [2, 900, 5, 900],
] as const;

const formats: readonly WeightFormat["dtype"][] = ["int4", "uint4", "int2", "uint2", "int8", "uint8"];

/** Activations: floats that the kernel quantizes, or codes. */
const activations = [
  { activation: "float32", dynamic: { dtype: "int8", granularity: "block" } },
  { activation: "float32", dynamic: { dtype: "int8", granularity: "row" } },
  { activation: "float32", dynamic: { dtype: "uint8", granularity: "tensor" } },
  { activation: "uint8", dynamic: undefined },
  { activation: "int8", dynamic: undefined },
] as const;

const cases: Case[] = sizes.flatMap(([rows, depth, channels, size], i) =>
  formats.flatMap((dtype, j) =>
    [false, true].flatMap((zeroPoint, l) =>
      // int8 by block and by row in turns, and one of the others.
      [(i + j) % 2, 2 + ((i + j + l) % 3)].map((n) => {
        const { activation, dynamic } = activations[n]!;
        const by = dynamic === undefined ? activation : `${dynamic.dtype}-${dynamic.granularity}`;
        return defineCase(
          `linear/blocks/${rows}x${depth}to${channels}/${by}x${dtype}-block${size}${zeroPoint ? "/zp" : ""}`,
          {
            op: "linear",
            inputs: [{ dtype: activation, shape: [rows, depth] }],
            attributes: {
              channels,
              weight: { dtype, granularity: { kind: "block", size }, ...(zeroPoint && { zeroPoint }) },
              output: "float32",
              ...(dynamic && { dynamic }),
              ...(j % 2 === 0 && { bias: "float32", activation: { fn: "relu" } }),
            },
          },
        );
      }),
    ),
  ),
);

describeInPieces(cases);
