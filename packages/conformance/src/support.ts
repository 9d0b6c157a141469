/**
 * The support matrix: for every op and every pair of operands, which backends run it and with which outputs, natively or
 * decoded. Written from what backends answer to the cases, never from what they say about themselves alone.
 */
import {
  type AnySpec,
  type Arithmetic,
  type Backend,
  definitionOf,
  findCapability,
  ops,
} from "@bitbudget/backend";
import { type DType, dtypeNames } from "@bitbudget/core";
import { cases } from "./cases/index.ts";

/** Answers of one backend to the cases of one row of the matrix: formats of outputs, by what was said to them. */
interface Cell {
  readonly yes: Map<Arithmetic, Set<DType>>;
  /** Outputs that no capability covers. */
  readonly no: Set<DType>;
  /** Reasons for which single specs are refused although a capability covers their operands. */
  readonly refusals: Map<string, Set<DType>>;
}

/** Markdown: one table for each op, one row for each pair of operands, one column for each backend. */
export function supportMatrix(backends: readonly Backend[]): string {
  const reasons: string[] = [];
  const sections = Object.values(ops).map(({ op, summary }) => {
    const table = new Map<string, Cell[]>();
    for (const { spec } of cases) {
      if (spec.op !== op) continue;
      const operands = definitionOf<AnySpec["op"]>(spec).operands(spec);
      const { activation, weight, output } = operands;
      const name = weight === undefined ? activation : `${activation} x ${weight}`;
      const cells =
        table.get(name) ?? backends.map(() => ({ yes: new Map(), no: new Set(), refusals: new Map() }));
      table.set(name, cells);
      for (const [i, backend] of backends.entries()) {
        const cell = cells[i];
        const support = backend.supports(spec);
        if (cell === undefined) continue;
        if (support.supported) add(cell.yes, support.arithmetic, output);
        else if (findCapability(backend.capabilities, op, operands) === undefined) cell.no.add(output);
        else add(cell.refusals, support.reason, output);
      }
    }
    const rows = [...table].map(([name, cells]) => [name, ...cells.map((cell) => cellText(cell, reasons))]);
    return `## ${op}\n\n${summary}\n\n${markdownTable([["operands", ...backends.map(({ name }) => name)], ...rows])}`;
  });
  return `${[header, ...sections, notes(reasons)].filter((part) => part !== "").join("\n\n")}\n`;
}

const header = `# Support

Which backend runs what, and how. Each row is one pair of operands; a cell names the formats of the outputs. **native** is
arithmetic on the codes, **decoded** expands codes to floats first. Where a backend takes some specs with these operands
and not all, the reason stands at the end. Generated from the cases of the
[conformance suite](../packages/conformance/README.md) by \`pnpm -F @bitbudget/examples support\`; a test compares.`;

function add<K>(map: Map<K, Set<DType>>, key: K, dtype: DType): void {
  map.set(key, (map.get(key) ?? new Set<DType>()).add(dtype));
}

function cellText({ yes, no, refusals }: Cell, reasons: string[]): string {
  if (yes.size === 0 && refusals.size === 0) return "no";
  const parts = [
    ...[...yes].map(([arithmetic, dtypes]) => `${arithmetic}: ${list(dtypes)}`),
    ...[...refusals].map(([reason, dtypes]) => `not all: ${list(dtypes)}${noteMark(reason, reasons)}`),
    ...(no.size === 0 ? [] : [`no: ${list(no)}`]),
  ];
  return parts.join("; ");
}

/** In the order of the dtype table. */
function list(dtypes: ReadonlySet<DType>): string {
  return dtypeNames.filter((name) => dtypes.has(name)).join(", ");
}

/** " (3)": where the reason stands at the end. */
function noteMark(reason: string, reasons: string[]): string {
  const known = reasons.indexOf(reason);
  return ` (${known === -1 ? reasons.push(reason) : known + 1})`;
}

function notes(reasons: readonly string[]): string {
  return reasons.length === 0
    ? ""
    : `## Reasons\n\n${reasons.map((reason, i) => `${i + 1}. ${reason}`).join("\n")}`;
}

/** With columns as wide as their widest cell, as formatters want it. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
