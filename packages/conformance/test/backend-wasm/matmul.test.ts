/** Products of two activations around the edges of tiles, panels and blocks. */

import type { TensorType } from "@bitbudget/core";
import { type Case, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

function product(a: readonly number[], b: readonly number[], transposeA = false, transposeB = false): Case {
  const type = (shape: readonly number[]): TensorType => ({ dtype: "float32", shape });
  const name = `${a.join("x")}${transposeA ? "t" : ""} by ${b.join("x")}${transposeB ? "t" : ""}`;
  return defineCase(name, {
    op: "matmul",
    inputs: [type(a), type(b)],
    attributes: { output: "float32", transposeA, transposeB },
  });
}

/** Rows below and above what is worth packing for; columns around a panel and around four; depths around a vector. */
const sizes = [1, 2, 3, 4, 7, 13].flatMap((m) =>
  [1, 7, 8, 9, 32, 39].flatMap((n) => [1, 4, 6, 17].map((k) => ({ m, n, k }))),
);

describeInPieces([
  ...sizes.flatMap(({ m, n, k }, i) => [
    product([m, k], [k, n]),
    i % 2 === 0 ? product([m, k], [n, k], false, true) : product([k, m], [n, k], true, true),
  ]),
  // More than one block of terms, rows and panels.
  product([101, 515], [515, 137]),
  product([5, 1030], [131, 1030], false, true),
  product([2, 3, 5, 6], [2, 3, 6, 20]),
  product([2, 1, 5, 6], [3, 20, 6], false, true),
  product([3, 6, 5], [1, 6, 9], true),
  product([3, 4, 6], [6, 1]),
  product([6, 4], [3, 6, 1], true),
]);
