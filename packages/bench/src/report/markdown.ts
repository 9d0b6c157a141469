/** The same figures as tables of a Markdown page, for documentation: nobody copies numbers by hand. */
import type { BenchFile, Row, TimedRow } from "../row.ts";
import { figure, milliseconds, rateTitle, times } from "../table.ts";
import { outcomes } from "./targets.ts";

/** The text of the page: targets first, then a table for each file. */
export function reportMarkdown(files: readonly BenchFile[]): string {
  const sections = files.map(section);
  return `${targetTable(files)}\n\n${sections.join("\n\n")}\n`;
}

function targetTable(files: readonly BenchFile[]): string {
  const rows = files.flatMap((file) => file.rows.filter((row): row is TimedRow => row.status === "timed"));
  return table(
    ["work", "against", "target", "worst row", "which", ""],
    outcomes(rows).map(({ target, worst, rows: count }) => [
      target.work,
      target.rival,
      `${target.atLeast}x`,
      worst === undefined ? "not timed" : times(worst.ratio),
      worst === undefined ? "" : `${worst.row.shape}, of ${count}`,
      worst === undefined ? "" : worst.ratio >= target.atLeast ? "reached" : "**short**",
    ]),
  );
}

function section({ command, environment, date, rows }: BenchFile): string {
  const { engine, processor, device, threads, rivals } = environment;
  const title = `### ${command}, ${threads} thread${threads === 1 ? "" : "s"}, ${engine.split(/[ /]/)[0]}`;
  const lead = `${engine} on ${processor}; ${date.slice(0, 10)}. ${device}. ${Object.values(rivals).join("; ")}.`;
  return `${title}\n\n${lead}\n\n${table(["op", "scheme", "shape", "ms", rateTitle(rows.map(({ op }) => op)), "how many times faster than"], rows.map(cells))}`;
}

function cells(row: Row): string[] {
  const start = [row.op, row.scheme, row.shape];
  if (row.status === "refused") return [...start, "", "", `refused: ${row.reason}`];
  if (row.status === "failed") return [...start, "", "", `failed: ${row.error}`];
  const rivals = Object.entries(row.rivals).map(
    ([name, { ratio, ratioLow, ratioHigh }]) =>
      `${times(ratio)} ${name} (${times(ratioLow)} to ${times(ratioHigh)})`,
  );
  // A rival that cannot train a network at all says something about the rows that have none.
  const lacks = row.op === "train" ? row.problems.map(({ rival, message }) => `${rival}: ${message}`) : [];
  return [
    ...start,
    milliseconds(row.medianMs),
    figure(row.samplesPerSecond ?? row.kernelOnly?.gmacs ?? row.gmacs),
    [...rivals, ...lacks].join(", "),
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (values: readonly string[]) =>
    `| ${values.map((value) => value.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(header), `|${header.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}
