/** What a verification found, as data and as text. */
import { textTable } from "../text-table.ts";
import type { Difference } from "./difference.ts";
import type { Agreement } from "./predictions.ts";

export interface OutputReport {
  readonly name: string;
  /** Undefined for the first runner itself. */
  readonly againstFirst: Difference | undefined;
  /** Against the float model, where there is a reference. */
  readonly againstReference: Difference | undefined;
}

export interface RunnerReport {
  readonly name: string;
  /** Whether outputs are further apart than the tolerance, though every node by itself is within it. */
  readonly drifts: boolean;
  readonly outputs: readonly OutputReport[];
  /** Predictions that are the same as those of the first runner, and of the float model. */
  readonly sameAsFirst: Agreement | undefined;
  readonly sameAsReference: Agreement | undefined;
}

export interface Verification {
  /** In the order in which they were passed. */
  readonly runners: readonly RunnerReport[];
  toString(): string;
}

export function verification(runners: readonly RunnerReport[]): Verification {
  return { runners, toString: () => table(runners) };
}

function table(runners: readonly RunnerReport[]): string {
  const first = runners[0]?.name ?? "";
  const header = [
    "runner",
    "output",
    `max apart from ${first}`,
    "mean",
    "same predictions",
    "SQNR to float",
    "same predictions",
  ];
  const rows = runners.flatMap((runner) =>
    runner.outputs.map(({ name, againstFirst, againstReference }, i) => [
      i === 0 ? runner.name : "",
      name,
      figure(againstFirst?.maxAbs),
      figure(againstFirst?.meanAbs),
      i === 0 ? agreement(runner.sameAsFirst) : "",
      againstReference === undefined ? "" : `${againstReference.sqnrDb.toFixed(1)} dB`,
      i === 0 ? agreement(runner.sameAsReference) : "",
    ]),
  );
  const drifting = runners.filter(({ drifts }) => drifts).map(({ name }) => name);
  const note = `${drifting.join(", ")}: codes were rounded the other way early on; every node by itself is within the tolerance`;
  return drifting.length === 0 ? textTable(header, rows) : `${textTable(header, rows)}\n${note}`;
}

function figure(x: number | undefined): string {
  return x === undefined ? "" : x === 0 ? "0" : x.toPrecision(3);
}

function agreement(given: Agreement | undefined): string {
  return given === undefined ? "" : `${given.same} of ${given.of}`;
}
