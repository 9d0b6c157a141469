/** Cases of recurrent: cells, directions, lengths, and each gate by hand. */
import type { RecurrentAttributes } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { floats, shaped, values } from "./helpers.ts";
import { spread } from "./pairwise.ts";

/** Steps, sequences, hidden units. */
type Geometry = readonly [length: number, batch: number, hidden: number];

const geometries: readonly Geometry[] = [
  [1, 1, 1],
  [2, 1, 3],
  [3, 2, 4],
  [5, 1, 8],
  [4, 3, 7],
  [2, 2, 16],
  [9, 1, 17],
  [3, 5, 33],
  [1, 8, 32],
  [1, 1, 65],
  [40, 2, 2],
];

const cells: readonly RecurrentAttributes[] = [
  { cell: "lstm" },
  { cell: "gru" },
  { cell: "gru", linearBeforeReset: true },
  { cell: "rnn" },
];

const gates = { lstm: 4, gru: 3, rnn: 1 } as const;

function layer(
  name: string,
  dtype: DType,
  [length, batch, hidden]: Geometry,
  attributes: RecurrentAttributes,
  data: CaseData,
): Case {
  const { cell } = attributes;
  const state = shaped(dtype, batch, hidden);
  const inputs = [
    shaped(dtype, length, batch, gates[cell] * hidden),
    state,
    ...(cell === "lstm" ? [state] : []),
  ];
  return defineCase(`recurrent/${name}`, { op: "recurrent", inputs, attributes }, data);
}

/** Products of order one whatever the number of units, so that no gate is at its end and no error grows. */
function moderate(hidden: number): CaseData {
  const bound = 1 / Math.sqrt(hidden);
  return { weights: { recurrence: { min: -bound, max: bound } } };
}

/** Numbers of the inputs and of the recurrence, and the results. */
function byHand(
  name: string,
  size: Geometry,
  attributes: RecurrentAttributes,
  inputs: readonly (readonly number[])[],
  recurrence: readonly number[],
  expected: readonly (readonly number[])[],
  bias: readonly number[] = [],
): Case {
  return layer(`by-hand/${attributes.cell}/${name}`, "float32", size, attributes, {
    inputs: inputs.map((list) => values(...list)),
    weights: { recurrence: values(...recurrence), bias: values(...bias) },
    expected,
  });
}

const [ln2, ln3, ln4] = [Math.LN2, Math.log(3), Math.log(4)];
const one: Geometry = [1, 1, 1];
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

export const recurrent: readonly Case[] = [
  ...spread(
    cells.flatMap((attributes) => geometries.map((size) => ({ attributes, size }))),
    {
      attributes: cells,
      size: geometries,
      dtype: floats,
      reverse: [false, true],
      clip: [undefined, 0.75, 100],
    },
  ).map(({ attributes, size, dtype, reverse, clip }) => {
    const { cell, linearBeforeReset } = attributes;
    const name = [
      ["steps", "sequences", "units"].map((what, i) => `${size[i]}${what}`).join("-"),
      ...(reverse ? ["reverse"] : []),
      ...(clip === undefined ? [] : [`clip${clip}`]),
    ].join("-");
    return layer(
      `${linearBeforeReset ? `${cell}-linear-before-reset` : cell}/${dtype}/${name}`,
      dtype,
      size,
      { ...attributes, ...(reverse && { reverse }), ...(clip !== undefined && { clip }) },
      moderate(size[2]),
    );
  }),
  ...cells.map((attributes) => {
    const { cell, linearBeforeReset } = attributes;
    const name = `long/${linearBeforeReset ? `${cell}-linear-before-reset` : cell}`;
    return layer(name, "float32", [64, 2, 32], attributes, moderate(32));
  }),
  // Sigmoids of ln 4, ln 3 and 0 are 4/5, 3/4 and 1/2; tanh of ln 3 and ln 2 are 4/5 and 3/5.
  // c = 1/2 (2 ln 2 - 1.28) + 4/5 * 4/5 = ln 2; h = 3/4 * 3/5.
  byHand(
    "gates",
    one,
    { cell: "lstm" },
    [[ln4, ln3, 0, ln3], [0], [2 * ln2 - 1.28]],
    [5, 6, 7, 8],
    [[0.45], [0.45], [ln2]],
  ),
  byHand(
    "recurrence",
    one,
    { cell: "lstm" },
    [[0, 0, 0, 0], [1], [2 * ln2 - 1.28]],
    [ln4, ln3, 0, ln3],
    [[0.45], [0.45], [ln2]],
  ),
  // The gates are clamped to ln 3 and sigmoids to 3/4, the cell state is not: h = 3/4 tanh(75 + 3/4 * 4/5).
  byHand("clip", one, { cell: "lstm", clip: ln3 }, [[99], [0], [100]], [0], [[0.75], [0.75], [75.6]]),
  byHand(
    "ends-of-the-gates",
    one,
    { cell: "lstm" },
    [[1000, 1000, -1000, -1000], [0], [3]],
    [0],
    [[-Math.tanh(1)], [-Math.tanh(1)], [-1]],
  ),
  // z = 3/4, r = 1/2, n = tanh(ln 3 - 1 + 2 * 1/2) = 4/5; h = 1/4 * 4/5 + 3/4.
  byHand("gates", one, { cell: "gru" }, [[ln3, 0, ln3 - 1], [1]], [0, 0, 2], [[0.95], [0.95]]),
  // n = tanh(ln 3 - 3 + 1/2 * (2 + 4)) = 4/5.
  byHand(
    "linear-before-reset",
    one,
    { cell: "gru", linearBeforeReset: true },
    [[ln3, 0, ln3 - 3], [1]],
    [0, 0, 2],
    [[0.95], [0.95]],
    [4],
  ),
  // Reset gates of 1/2 and 0 for the columns of the recurrence, or for its rows.
  byHand(
    "reset-of-the-state",
    [1, 1, 2],
    { cell: "gru" },
    [
      [-1000, -1000, 0, -1000, ln2 - 1, ln3 - 2],
      [1, 1],
    ],
    [0, 0, 0, 0, 0, 0, 0, 0, 2, 5, 4, 5],
    [
      [0.6, 0.8],
      [0.6, 0.8],
    ],
  ),
  byHand(
    "reset-of-the-product",
    [1, 1, 2],
    { cell: "gru", linearBeforeReset: true },
    [
      [-1000, -1000, 0, -1000, ln2 - 4, ln3],
      [1, 1],
    ],
    [0, 0, 0, 0, 0, 0, 0, 0, 2, 5, 4, 5],
    [
      [0.6, 0.8],
      [0.6, 0.8],
    ],
    [1, 7],
  ),
  // tanh(ln 3) = 4/5, then tanh(ln 2 - 4/5 + 4/5) = 3/5.
  byHand("steps", [2, 1, 1], { cell: "rnn" }, [[ln3, ln2 - 0.8], [0]], [1], [[0.8, 0.6], [0.6]]),
  byHand(
    "reverse",
    [2, 1, 1],
    { cell: "rnn", reverse: true },
    [[ln2 - 0.8, ln3], [0]],
    [1],
    [[0.6, 0.8], [0.6]],
  ),
  byHand(
    "sequences",
    [2, 2, 1],
    { cell: "rnn" },
    [
      [ln3, 0, 0, ln2],
      [0, 0],
    ],
    [0],
    [
      [0.8, 0, 0, 0.6],
      [0, 0.6],
    ],
  ),
  // Rows of the recurrence are units: the second one sees the first.
  byHand(
    "units",
    [1, 1, 2],
    { cell: "rnn" },
    [
      [0, 0],
      [ln2, 0],
    ],
    [0, 1, 1, 0],
    [
      [0, 0.6],
      [0, 0.6],
    ],
  ),
  byHand("clip", [2, 1, 1], { cell: "rnn", clip: ln3 }, [[50, -50], [0]], [1], [[0.8, -0.8], [-0.8]]),
  byHand(
    "nan-and-infinity",
    [2, 3, 1],
    { cell: "rnn" },
    [
      [0, nan, infinity, 0, 0, -infinity],
      [nan, 0, 0],
    ],
    [1],
    [
      [nan, nan, 1, nan, nan, -1],
      [nan, nan, -1],
    ],
  ),
  byHand("no-steps", [0, 2, 1], { cell: "lstm" }, [[0], [1, 2], [3, 4]], [1], [[], [1, 2], [3, 4]]),
  byHand("no-sequences", [3, 0, 2], { cell: "gru" }, [[0], [0]], [1], [[], []]),
];
