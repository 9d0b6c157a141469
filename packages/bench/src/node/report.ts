/** The command `report`. */
import { writeFile } from "node:fs/promises";
import type { ReportArguments } from "../arguments.ts";
import { reportMarkdown } from "../report/markdown.ts";
import { reportPage } from "../report/page.ts";
import { readRows } from "./files.ts";

/** Writes the page for the files: HTML, or Markdown where it is to be an .md file. @throws BenchFileError for a file that is absent or something else */
export async function writeReport({ files, out }: ReportArguments): Promise<void> {
  const page = out.endsWith(".md") ? reportMarkdown : reportPage;
  await writeFile(out, page(await Promise.all(files.map(readRows))));
}
