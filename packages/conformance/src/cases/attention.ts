/** Cases of attention: grouped heads, one query and many, masks that broadcast, causal frontiers, queries that see nothing. */
import type { AttentionAttributes } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { floats, shaped, shapeName, values } from "./helpers.ts";
import { spread } from "./pairwise.ts";

interface Geometry {
  /** Batch, heads, queries, their size. */
  readonly q: readonly [number, number, number, number];
  readonly kvHeads: number;
  readonly keys: number;
  readonly valueSize: number;
}

function geometry(q: Geometry["q"], kvHeads: number, keys: number, valueSize = q[3]): Geometry {
  return { q, kvHeads, keys, valueSize };
}

const geometries: readonly Geometry[] = [
  geometry([1, 1, 1, 1], 1, 1),
  geometry([1, 2, 1, 8], 2, 33),
  geometry([2, 3, 7, 5], 3, 7),
  geometry([1, 4, 5, 16], 2, 9),
  geometry([2, 4, 3, 7], 1, 8, 3),
  geometry([1, 1, 9, 4], 1, 5),
  geometry([1, 2, 8, 17], 1, 31, 9),
  geometry([1, 1, 33, 3], 1, 65, 2),
];

type MaskKind = "none" | "full" | "keys" | "queries" | "scalar";

function maskShape(
  kind: MaskKind,
  { q: [batch, heads, queries], keys }: Geometry,
): readonly number[] | undefined {
  switch (kind) {
    case "none":
      return undefined;
    case "full":
      return [batch, heads, queries, keys];
    case "keys":
      return [batch, 1, 1, keys];
    case "queries":
      return [queries, 1];
    case "scalar":
      return [];
  }
}

function attend(
  name: string,
  dtype: DType,
  { q, kvHeads, keys, valueSize }: Geometry,
  attributes: AttentionAttributes,
  mask?: readonly number[],
  data: CaseData = {},
): Case {
  const [batch, , , size] = q;
  const inputs = [
    shaped(dtype, ...q),
    shaped(dtype, batch, kvHeads, keys, size),
    shaped(dtype, batch, kvHeads, keys, valueSize),
    ...(mask === undefined ? [] : [shaped(dtype, ...mask)]),
  ];
  return defineCase(`attention/${name}`, { op: "attention", inputs, attributes }, data);
}

/** Numbers of queries, keys, values and mask. */
type Numbers = readonly (readonly number[])[];

function byHand(
  name: string,
  size: Geometry,
  numbers: Numbers,
  expected: readonly number[],
  attributes: AttentionAttributes = { scale: 1 },
  mask?: readonly number[],
): Case {
  const inputs = numbers.map((list) => values(...list));
  return attend(`by-hand/${name}`, "float32", size, attributes, mask, { inputs, expected: [expected] });
}

const oneQuery = geometry([1, 1, 1, 1], 1, 2);
const twoQueries = geometry([1, 1, 2, 1], 1, 2);
const causal: AttentionAttributes = { scale: 1, causal: true };
const LOG3 = Math.log(3);
const { NEGATIVE_INFINITY: minusInfinity } = Number;

export const attention: readonly Case[] = [
  ...spread(
    floats.flatMap((dtype) => geometries.map((size) => ({ dtype, size }))),
    {
      dtype: floats,
      size: geometries,
      mask: ["none", "full", "keys", "queries", "scalar"] as const,
      causal: [false, true],
    },
  ).map(({ dtype, size, mask, causal }) => {
    const shapes = `${shapeName(size.q)}-by${size.keys}of${size.kvHeads}-to${size.valueSize}`;
    const attributes = { scale: 1 / Math.sqrt(size.q[3]), ...(causal ? { causal } : {}) };
    return attend(
      `${dtype}/${shapes}-mask-${mask}${causal ? "-causal" : ""}`,
      dtype,
      size,
      attributes,
      maskShape(mask, size),
    );
  }),
  byHand("mean", geometry([1, 1, 1, 2], 1, 4, 1), [[0], [3], [1, 2, 3, 6]], [3]),
  // Scores 0 and log(3): weights 1/4 and 3/4.
  byHand("weights", oneQuery, [[1], [0, LOG3], [4, 8]], [7]),
  byHand("scale", oneQuery, [[2], [0, LOG3], [4, 8]], [7], { scale: 0.5 }),
  byHand("mask", oneQuery, [[0], [5, 6], [4, 8], [LOG3, 0]], [5], { scale: 1 }, [2]),
  // Two heads of queries to each head of keys and values.
  byHand("grouped", geometry([1, 4, 1, 1], 2, 1, 2), [[1], [1], [5, 6, 7, 8]], [5, 6, 5, 6, 7, 8, 7, 8]),
  byHand(
    "grouped-keys",
    geometry([1, 2, 1, 1], 1, 2),
    [
      [1, 0],
      [0, LOG3],
      [4, 8],
    ],
    [7, 6],
  ),
  byHand("causal", twoQueries, [[0], [1], [4, 8]], [4, 6], causal),
  // Queries are the last of the sequence: of three for two keys the first sees none, and gives 0.
  byHand("causal-before-the-first-key", geometry([1, 1, 3, 1], 1, 2), [[0], [1], [4, 8]], [0, 4, 6], causal),
  // Of two keys the first query sees one, the second none.
  byHand(
    "masked",
    twoQueries,
    [[0], [1], [8, 3], [minusInfinity, 0, minusInfinity, minusInfinity]],
    [3, 0],
    { scale: 1 },
    [2, 2],
  ),
  // Exponentials of these scores overflow every format.
  byHand("large-scores", oneQuery, [[100], [100, 100], [4, 8]], [6]),
  byHand("no-keys", geometry([1, 1, 2, 3], 1, 0), [[1], [1], [1]], [0, 0, 0, 0, 0, 0]),
  byHand("no-queries", geometry([1, 2, 0, 3], 2, 4), [[1], [1], [1]], []),
  byHand("no-batch", geometry([0, 2, 3, 4], 2, 5), [[1], [1], [1]], []),
];
