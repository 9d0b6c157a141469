/** The files of a benchmark: rows as JSON. */
import { readFile, writeFile } from "node:fs/promises";
import { BenchFileError } from "../errors.ts";
import type { BenchFile, Command, Environment, Row } from "../row.ts";

export async function writeRows(
  path: string,
  command: Command,
  environment: Environment,
  rows: readonly Row[],
): Promise<void> {
  const file: BenchFile = {
    format: "bitbudget-bench/1",
    command,
    date: new Date().toISOString(),
    environment,
    rows,
  };
  await writeFile(path, `${JSON.stringify(file, undefined, 1)}\n`);
}

/** @throws BenchFileError where the file is absent or no result of `--json` */
export async function readRows(path: string): Promise<BenchFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new BenchFileError(path, `cannot be read (${error instanceof Error ? error.message : error})`);
  }
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw new BenchFileError(path, "is not JSON; give files that --json wrote");
  }
  if (!isBenchFile(file)) throw new BenchFileError(path, "is not what --json writes (bitbudget-bench/1)");
  return file;
}

function isBenchFile(file: unknown): file is BenchFile {
  return (
    typeof file === "object" &&
    file !== null &&
    "format" in file &&
    file.format === "bitbudget-bench/1" &&
    "environment" in file &&
    "rows" in file &&
    Array.isArray(file.rows)
  );
}
