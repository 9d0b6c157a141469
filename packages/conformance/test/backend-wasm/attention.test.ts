/** Attention around tiles of keys, groups of rows and units of work: few rows and many, masks and frontiers that cross them. */
import { type Case, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

interface Size {
  readonly heads?: number;
  readonly kvHeads?: number;
  readonly queries: number;
  readonly keys: number;
  readonly size?: number;
  readonly valueSize?: number;
  readonly causal?: boolean;
  readonly mask?: readonly number[];
}

function attend(name: string, options: Size): Case {
  const {
    heads = 2,
    kvHeads = heads,
    queries,
    keys,
    size = 5,
    valueSize = size,
    causal = false,
    mask,
  } = options;
  const float32 = (...shape: readonly number[]) => ({ dtype: "float32", shape }) as const;
  return defineCase(name, {
    op: "attention",
    inputs: [
      float32(1, heads, queries, size),
      float32(1, kvHeads, keys, size),
      float32(1, kvHeads, keys, valueSize),
      ...(mask === undefined ? [] : [float32(...mask)]),
    ],
    attributes: { scale: 0.5, causal },
  });
}

describeInPieces([
  ...[1, 2, 3, 5, 8, 9, 23, 24, 25, 97].map((queries) => attend(`${queries} queries`, { queries, keys: 20 })),
  ...[1, 7, 8, 9, 255, 256, 257, 520].flatMap((keys) => [
    attend(`${keys} keys, few queries`, { queries: 1, keys }),
    attend(`${keys} keys, many queries`, { queries: 30, keys, causal: true }),
    attend(`${keys} keys, masked`, { queries: 30, keys, mask: [1, 2, 30, keys] }),
  ]),
  attend("more keys than a few rows' scores have room for", { queries: 1, keys: 45000, size: 2, heads: 1 }),
  attend("causal over several tiles", { queries: 300, keys: 300, heads: 1, causal: true }),
  attend("causal, more queries than keys", { queries: 130, keys: 50, heads: 1, causal: true }),
  attend("grouped heads, one query", { heads: 6, kvHeads: 2, queries: 1, keys: 33, mask: [6, 1, 33] }),
  attend("grouped heads in one group of rows", { heads: 8, kvHeads: 2, queries: 9, keys: 40, causal: true }),
  attend("grouped heads, masked", { heads: 4, kvHeads: 2, queries: 50, keys: 21, mask: [4, 50, 1] }),
  attend("a mask of queries, several tiles", { queries: 10, keys: 300, mask: [10, 1] }),
  attend("values of other sizes", { queries: 10, keys: 300, size: 3, valueSize: 13 }),
  attend("large heads", { queries: 10, keys: 70, size: 520, valueSize: 300, heads: 1 }),
]);
