/** The command `report`. */
import { writeFile } from "node:fs/promises";
import type { ReportArguments } from "../arguments.ts";
import { reportPage } from "../report/page.ts";
import { readRows } from "./files.ts";

/** Writes the page for the files. @throws BenchFileError for a file that is absent or something else */
export async function writeReport({ files, out }: ReportArguments): Promise<void> {
  await writeFile(out, reportPage(await Promise.all(files.map(readRows))));
}
