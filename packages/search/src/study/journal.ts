/**
 * The journal of a study: a file that only grows, one line for each trial, which is written when the trial is complete.
 *
 * Each line is JSON, `{"crc32":"89abcdef","record":...}`; the checksum (ISO 3309) is of the bytes of the record. The first
 * record is the header. Of a program that was killed while it wrote, the last line is incomplete: it is taken away, and its
 * trial is made again. Damage anywhere else is an error: nothing is guessed.
 */
import type { Json } from "../algorithm.ts";
import { crc32 } from "../crc32.ts";
import { JournalError, JournalWriteError } from "../errors.ts";
import { type Header, parseHeader, parseTrial, type TrialRecord } from "./records.ts";
import type { JournalStorage } from "./storage.ts";

const BEFORE = '{"crc32":"';
const BETWEEN = '","record":';
const AFTER = "}";
const DIGITS = 8;
const PREFIX = BEFORE.length + DIGITS + BETWEEN.length;
const NEWLINE = 0x0a;

export interface JournalContent {
  /** Undefined where nothing was written yet. */
  readonly header: Header | undefined;
  /** In the order in which they were completed. */
  readonly trials: readonly TrialRecord[];
  /** Bytes of complete lines. */
  readonly length: number;
  /** Bytes of an incomplete last line. */
  readonly torn: number;
}

/**
 * What bytes say.
 * @throws JournalError for bytes that are no journal, or damaged before the last line
 */
export function readJournal(bytes: Uint8Array): JournalContent {
  let header: Header | undefined;
  const trials: TrialRecord[] = [];
  const ids = new Set<number>();
  let offset = 0;
  for (let line = 1; offset < bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, offset);
    const end = found < 0 ? bytes.length : found;
    const fail = (detail: string): never => {
      throw new JournalError(line, offset, detail);
    };
    const record = parseLine(bytes.subarray(offset, end), fail);
    const isLast = found < 0 || found === bytes.length - 1;
    if (record === undefined || found < 0) {
      if (!isLast)
        fail("it is damaged (its checksum is wrong); restore the file from a copy, or begin another study");
      if (header === undefined && !isBeginning(bytes))
        fail("this is no journal of a study; nothing was changed");
      break;
    }
    if (header === undefined) header = parseHeader(record.value, fail);
    else {
      const trial = parseTrial(record.value, fail);
      if (ids.has(trial.id)) fail(`trial ${trial.id} is there twice`);
      ids.add(trial.id);
      trials.push(trial);
    }
    offset = end + 1;
  }
  return { header, trials, length: offset, torn: bytes.length - offset };
}

/** The bytes of one line. */
export function writeLine(record: Json): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(record));
  const digits = crc32(json).toString(16).padStart(DIGITS, "0");
  const line = new Uint8Array(PREFIX + json.length + AFTER.length + 1);
  line.set(new TextEncoder().encode(BEFORE + digits + BETWEEN));
  line.set(json, PREFIX);
  line.set(new TextEncoder().encode(`${AFTER}\n`), PREFIX + json.length);
  return line;
}

/** The record of a line without its end; undefined where it is not as it was written. */
function parseLine(
  line: Uint8Array,
  fail: (detail: string) => never,
): { readonly value: unknown } | undefined {
  const start = ascii(line.subarray(0, PREFIX));
  const json = line.subarray(PREFIX, -AFTER.length);
  const digits = start.slice(BEFORE.length, -BETWEEN.length);
  const isWhole =
    line.length > PREFIX + AFTER.length &&
    start === BEFORE + digits + BETWEEN &&
    ascii(line.subarray(-AFTER.length)) === AFTER &&
    digits === crc32(json).toString(16).padStart(DIGITS, "0");
  if (!isWhole) return undefined;
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json)) };
  } catch {
    return fail("its checksum is right, but it is no JSON");
  }
}

/** Whether bytes may be the first line of a journal, cut off. */
function isBeginning(bytes: Uint8Array): boolean {
  const start = ascii(bytes.subarray(0, BEFORE.length));
  return BEFORE.startsWith(start);
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Adds records to a storage, one after the other whoever asks. */
export class JournalWriter {
  readonly #storage: JournalStorage;
  #last: Promise<void> = Promise.resolve();

  constructor(storage: JournalStorage) {
    this.#storage = storage;
  }

  /** Resolves when the record is safe. After an error nothing more is written. @throws JournalWriteError */
  write(record: Json): Promise<void> {
    const bytes = writeLine(record);
    this.#last = this.#last.then(() =>
      this.#storage.append(bytes).catch((cause: unknown) => {
        if (cause instanceof JournalWriteError) throw cause;
        throw new JournalWriteError(cause instanceof Error ? cause.message : String(cause), cause);
      }),
    );
    return this.#last;
  }
}
