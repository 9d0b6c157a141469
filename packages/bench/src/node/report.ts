/** The command `report`. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { ReportArguments } from "../arguments.ts";
import { BenchFileError } from "../errors.ts";
import { reportMarkdown } from "../report/markdown.ts";
import { reportPage } from "../report/page.ts";
import { readRows } from "./files.ts";

const BEGIN = "<!-- bench: begin -->";
const END = "<!-- bench: end -->";

/**
 * Writes the page for the files: HTML, or Markdown where it is to be an .md file. In a Markdown file that is there already, what
 * stands between two marks is replaced.
 * @throws BenchFileError for a file that is absent or something else
 */
export async function writeReport({ files, out }: ReportArguments): Promise<void> {
  const results = await Promise.all(files.map(readRows));
  if (!out.endsWith(".md")) return writeFile(out, reportPage(results));
  const tables = reportMarkdown(results);
  const page = existsSync(out) ? await readFile(out, "utf8") : `${BEGIN}\n${END}\n`;
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new BenchFileError(out, `is there already, and has no lines ${BEGIN} and ${END} to write between`);
  await writeFile(out, `${page.slice(0, begin)}${BEGIN}\n\n${tables}\n${page.slice(end)}`);
}
