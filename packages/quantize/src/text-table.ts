/** Tables for people. */

/** Columns as wide as what is in them. @param right columns whose figures are aligned at the right */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const pad = (cell: string, i: number) =>
    right.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!);
  return [header, ...rows].map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}
