/** Rows as lines that a person can read while they come in. */
import type { RivalTime, Row, Work } from "./row.ts";
import type { Estimate } from "./statistics.ts";

const widths = { ms: 9, spread: 6, gmacs: 9 };

export interface Table {
  readonly header: string;
  line(row: Row): string;
}

/** A table whose first columns are as wide as the works that will come need. */
export function tableOf(works: readonly Pick<Work, "op" | "scheme" | "shape">[]): Table {
  const width = (column: "op" | "scheme" | "shape") =>
    works.reduce((widest, work) => Math.max(widest, work[column].length), column.length);
  const [op, scheme, shape] = [width("op"), width("scheme"), width("shape")];
  const first = (work: Pick<Work, "op" | "scheme" | "shape">) =>
    `${work.op.padEnd(op)}  ${work.scheme.padEnd(scheme)}  ${work.shape.padEnd(shape)}`;
  const header = [
    first({ op: "op", scheme: "scheme", shape: "shape" }),
    "ms".padStart(widths.ms),
    "+-".padStart(widths.spread),
    rateTitle(works.map(({ op }) => op)).padStart(widths.gmacs),
    "kernel".padStart(widths.gmacs),
    " how many times faster than",
  ].join(" ");
  return { header: `${header}\n${"-".repeat(header.length)}`, line: (row) => `${first(row)} ${rest(row)}` };
}

function rest(row: Row): string {
  if (row.status === "refused") return `refused: ${row.reason}`;
  if (row.status === "failed") return `FAILED: ${row.error}`;
  const cells = [
    milliseconds(row.medianMs).padStart(widths.ms),
    spread(row).padStart(widths.spread),
    figure(row.samplesPerSecond ?? row.gmacs).padStart(widths.gmacs),
    (row.kernelOnly === undefined
      ? ""
      : row.kernelOnly.gmacs === null
        ? `${milliseconds(row.kernelOnly.medianMs)}ms`
        : figure(row.kernelOnly.gmacs)
    ).padStart(widths.gmacs),
    ` ${Object.entries(row.rivals).map(rivalText).join(", ")}`,
  ];
  const problems = row.problems.map(
    ({ rival, kind, message }) =>
      `\n    ${kind === "disagrees" ? "ERROR: " : ""}${rival} ${kind}: ${firstLine(message)}`,
  );
  return cells.join(" ") + problems.join("");
}

function rivalText([name, { ratio }]: [string, RivalTime]): string {
  return `${times(ratio)} ${name}`;
}

/** What the column of rates has for rows of these ops. */
export function rateTitle(ops: readonly string[]): string {
  return ops.includes("train") ? "samples/s" : "GMAC/s";
}

/** Half of the interval, in percent of the median; of one sample nothing is known. */
function spread({ medianMs, lowMs, highMs, samples }: Estimate): string {
  if (samples < 2) return "?";
  return `${(((highMs - lowMs) / 2 / medianMs) * 100).toFixed(0)}%`;
}

/** Three significant digits. */
export function milliseconds(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3);
}

export function figure(value: number | null): string {
  return value === null ? "" : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** "2.14x" */
export function times(ratio: number): string {
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(3)}x`;
}

function firstLine(text: string): string {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > 200 ? `${line.slice(0, 200)} ...` : line;
}
