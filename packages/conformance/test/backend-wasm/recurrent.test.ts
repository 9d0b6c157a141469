/** Recurrent layers of sizes around the edges of vectors, panels and tiles, with sequences in pieces, in both builds. */
import type { RecurrentAttributes } from "@bitbudget/backend";
import { type Case, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

const gates = { lstm: 4, gru: 3, rnn: 1 } as const;

const cells: readonly RecurrentAttributes[] = [
  { cell: "lstm" },
  { cell: "gru" },
  { cell: "gru", linearBeforeReset: true },
  { cell: "rnn" },
];

function recurrentCase(attributes: RecurrentAttributes, length: number, batch: number, hidden: number): Case {
  const { cell, linearBeforeReset, reverse, clip } = attributes;
  const state = { dtype: "float32", shape: [batch, hidden] } as const;
  const x = { dtype: "float32", shape: [length, batch, gates[cell] * hidden] } as const;
  const bound = 1 / Math.sqrt(hidden);
  return defineCase(
    [
      `recurrent/${cell}${linearBeforeReset ? "-linear-before-reset" : ""}`,
      `${length}x${batch}x${hidden}${reverse ? "-reverse" : ""}${clip === undefined ? "" : "-clip"}`,
    ].join("/"),
    { op: "recurrent", inputs: [x, state, ...(cell === "lstm" ? [state] : [])], attributes },
    { weights: { recurrence: { min: -bound, max: bound } } },
  );
}

describeInPieces(
  cells.flatMap((attributes) => [
    ...[1, 3, 4, 8, 17, 31, 128].map((hidden) => recurrentCase(attributes, 5, 1, hidden)),
    ...[2, 3, 7, 13].map((batch) => recurrentCase(attributes, 3, batch, 19)),
    recurrentCase({ ...attributes, reverse: true, clip: 0.3 }, 4, 5, 33),
  ]),
);
