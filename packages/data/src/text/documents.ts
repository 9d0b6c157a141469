/** Texts in files, one at a time: lines of JSON, a list in a JSON file, or a whole file of plain text. */

import { DataError } from "../errors.ts";
import {
  buffered,
  type DataFile,
  extensionOf,
  parseJson,
  readJson,
  readText,
  seekable,
} from "../files/file.ts";
import type { Limits } from "../files/limits.ts";
import { describe, isLabel, isRecord } from "../values.ts";

/** A text, or its tokens, and perhaps its class. */
export interface Document {
  readonly content: string | readonly number[];
  readonly label?: number | string;
}

export interface Documents {
  readonly file: DataFile;
  readonly count: number;
  /** @throws DataError that names the line */
  read(i: number): Promise<Document>;
}

/** What is read at a time to find where lines begin. */
const CHUNK = 2 ** 20;
const MAX_LINE = 2 ** 26;

/**
 * Lines are `{ "text": ..., "label": ... }`, where `ids` can stand for `text` and the label be missing; or a text; or a list of
 * ids. A JSON file is a list of the same.
 * @throws DataError
 */
export async function openDocuments(given: DataFile, limits: Limits): Promise<Documents> {
  const extension = extensionOf(given.path);
  if (extension === "jsonl" || extension === "ndjson") return openLines(await seekable(given));
  if (extension === "json") {
    const list = await readJson(given, limits.memory);
    if (!Array.isArray(list))
      throw new DataError(given.path, `must be a list of texts or of token ids, not ${describe(list)}`);
    return { file: given, count: list.length, read: async (i) => toDocument(list[i], `${given.path}[${i}]`) };
  }
  const content = await readText(given, limits.memory);
  return { file: given, count: 1, read: async () => ({ content }) };
}

async function openLines(given: DataFile): Promise<Documents> {
  const file = buffered(given);
  const { starts, ends, numbers } = await findLines(file);
  return {
    file,
    count: starts.length,
    read: async (i) => {
      const where = `${file.path}, line ${numbers[i]}`;
      return toDocument(
        parseJson(new TextDecoder().decode(await file.read(starts[i], ends[i])), where),
        where,
      );
    },
  };
}

/** Where the lines that are not empty lie, and their numbers from 1. Not objects: there can be millions. */
interface Lines {
  readonly starts: number[];
  readonly ends: number[];
  readonly numbers: number[];
}

async function findLines(file: DataFile): Promise<Lines> {
  const lines: Lines = { starts: [], ends: [], numbers: [] };
  let [start, number, blank] = [0, 1, true];
  const close = (end: number) => {
    if (end - start > MAX_LINE)
      throw new DataError(`${file.path}, line ${number}`, `has more than ${MAX_LINE} bytes`);
    if (!blank) {
      lines.starts.push(start);
      lines.ends.push(end);
      lines.numbers.push(number);
    }
    start = end + 1;
    number++;
    blank = true;
  };
  for (let at = 0; at < file.size; at += CHUNK) {
    const bytes = await file.read(at, Math.min(file.size, at + CHUNK));
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte === 10) close(at + i);
      else if (byte !== 32 && byte !== 13 && byte !== 9) blank = false;
    }
  }
  close(file.size);
  return lines;
}

function toDocument(value: unknown, where: string): Document {
  if (typeof value === "string" || Array.isArray(value)) return { content: checkContent(value, where) };
  if (!isRecord(value))
    throw new DataError(where, `must be a text, a list of ids, or { text, label }, not ${describe(value)}`);
  const content = checkContent(value.text ?? value.ids ?? value.input_ids, where);
  const label = value.label;
  if (label === undefined || label === null) return { content };
  if (isLabel(label)) return { content, label };
  throw new DataError(where, `has the label ${describe(label)}; use the number of a class, or its name`);
}

function checkContent(value: unknown, where: string): string | number[] {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((id) => Number.isSafeInteger(id) && id >= 0)) return value;
  throw new DataError(
    where,
    `must have a text, or ids that are non-negative integers, not ${describe(value)}`,
  );
}
