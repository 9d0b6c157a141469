/** Texts as samples: tokens of one length, and a class or the next tokens to compare with. */
import { type HostTensor, scalar, tensor } from "@bitbudget/core";
import type { Sample } from "../batch.ts";
import type { SampleSource } from "../dataset.ts";
import { DataError } from "../errors.ts";
import type { DataFile } from "../files/file.ts";
import type { Limits } from "../files/limits.ts";
import { hashBatch, hashFile, hashJson } from "../hash.ts";
import { type Document, type Documents, openDocuments } from "./documents.ts";
import { loadTokenizer, type Tokenize } from "./tokenizer.ts";
import { checkWindows, type WindowOptions, windowAt, windowCount } from "./windows.ts";

export interface TextOptions extends WindowOptions {
  /** The content of a tokenizer.json, or a function. Not needed where the file has ids. */
  readonly tokenizer?: unknown;
  /** The content of the tokenizer_config.json beside the tokenizer.json, which few need. */
  readonly tokenizerConfig?: unknown;
  /** Whether a tokenizer.json's tokens around a text are added. Default true. */
  readonly special?: boolean;
  /** Names of the model's inputs. Default "input_ids", and "attention_mask", which `false` leaves out. */
  readonly names?: { readonly ids?: string; readonly mask?: string | false; readonly types?: string };
  /** Of the inputs. Default "int64". */
  readonly dtype?: "int64" | "int32";
  /** Names of classes in the order of their numbers. Default: those that occur, sorted. */
  readonly classes?: readonly string[];
}

/** Which document and which window of it each sample is. */
interface Index {
  /** For each document its first sample; one more at the end. */
  readonly starts: Int32Array;
  readonly classes: readonly string[] | undefined;
  readonly labelled: boolean;
}

/**
 * Feeds: ids [length], attention_mask [length]. Target "labels": the next tokens [length] as int32 with `next`; otherwise the
 * class, where the file has it.
 *
 * Going through the file once finds the lines, the classes and, with windows, the lengths; after that a sample is read and
 * tokenized when its turn comes.
 * @throws DataError
 */
export async function textSource(file: DataFile, limits: Limits, given: TextOptions): Promise<SampleSource> {
  const { tokenizer: json, tokenizerConfig: config = {}, special = true } = given;
  const loaded =
    typeof json === "function" || json === undefined ? undefined : loadTokenizer(json, { special, config });
  const padId = given.padId ?? loaded?.padId ?? 0;
  const options = { ...given, padId };
  checkWindows(options);
  const documents = await openDocuments(file, limits);
  const tokenize = tokenizer(given.tokenizer, loaded?.tokenize, file.path);
  const index = await indexOf(documents, tokenize, options);
  const read = (i: number) => readSample(i, documents, index, tokenize, options);
  const count = index.starts.at(-1)!;
  return {
    name: file.path,
    count,
    classes: index.classes,
    read: async (indices) => {
      const samples: Sample[] = [];
      for (const i of indices) samples.push(await read(i));
      return samples;
    },
    hash: async (indices) => {
      // A function has no content: its results have.
      if (typeof given.tokenizer !== "function")
        return hashJson(["text", await hashFile(file), { ...options, classes: index.classes }]);
      const hashes: string[] = [];
      for (const i of indices) hashes.push(await hashBatch(await read(i)));
      return hashJson(hashes);
    },
  };
}

type Tokens = (document: Document, source: string) => readonly number[];

function tokenizer(given: unknown, loaded: Tokenize | undefined, path: string): Tokens {
  // The last one: the windows of a long text are asked for one after the other.
  let last: { text: string; ids: readonly number[] } | undefined;
  return ({ content }, source) => {
    if (typeof content !== "string") return content;
    if (last?.text === content) return last.ids;
    const tokenize: unknown = loaded ?? given;
    if (typeof tokenize !== "function")
      throw new DataError(
        path,
        "has texts; give text.tokenizer, the content of a tokenizer.json or a function from a text to ids",
      );
    last = { text: content, ids: checkIds(tokenize(content), source) };
    return last.ids;
  };
}

function checkIds(ids: unknown, source: string): number[] {
  const list: unknown[] = Array.isArray(ids)
    ? ids
    : ArrayBuffer.isView(ids) && Symbol.iterator in ids
      ? [...(ids as Int32Array)]
      : [Number.NaN];
  if (list.every((id): id is number => Number.isSafeInteger(id))) return list;
  throw new DataError(
    source,
    "the tokenizer must return a list of integers; it has no id for some part of the text",
  );
}

async function indexOf(documents: Documents, tokenize: Tokens, options: TextOptions): Promise<Index> {
  const starts = new Int32Array(documents.count + 1);
  const names = new Set<string>();
  let labelled = 0;
  for (let i = 0; i < documents.count; i++) {
    const document = await documents.read(i);
    const { label } = document;
    const tokens =
      typeof options.windows === "number" ? tokenize(document, sourceOf(documents, i)).length : 0;
    starts[i + 1] = starts[i]! + windowCount(tokens, options);
    if (label !== undefined) labelled++;
    if (typeof label === "string") names.add(label);
  }
  const classes = options.classes ?? (names.size > 0 ? [...names].sort() : undefined);
  if (options.next !== true && labelled > 0 && labelled < documents.count)
    throw new DataError(
      documents.file.path,
      `has labels for ${labelled} of ${documents.count} texts; give all of them one, or none`,
    );
  return { starts, classes, labelled: labelled > 0 };
}

async function readSample(
  i: number,
  documents: Documents,
  index: Index,
  tokenize: Tokens,
  options: TextOptions,
): Promise<Sample> {
  const at = documentOf(index.starts, i);
  const document = await documents.read(at);
  const source = sourceOf(documents, at);
  const window = windowAt(tokenize(document, source), i - index.starts[at]!, options, source);
  const {
    length,
    names: { ids = "input_ids", mask = "attention_mask", types } = {},
    dtype = "int64",
  } = options;
  const vector = (values: readonly number[]): HostTensor =>
    tensor(dtype, [length], dtype === "int64" ? BigInt64Array.from(values, BigInt) : Int32Array.from(values));
  const feeds = {
    [ids]: vector(window.ids),
    ...(mask !== false && { [mask]: vector(window.mask) }),
    ...(types !== undefined && { [types]: vector(new Array<number>(length).fill(0)) }),
  };
  if (options.next === true)
    return { feeds, targets: { labels: tensor("int32", [length], Int32Array.from(window.next)) } };
  return {
    feeds,
    targets: index.labelled ? { labels: scalar("int32", classOf(document, index.classes, source)) } : {},
  };
}

function classOf({ label }: Document, classes: readonly string[] | undefined, source: string): number {
  const number = typeof label === "string" ? (classes?.indexOf(label) ?? -1) : (label ?? -1);
  if (number < 0)
    throw new DataError(source, `has the label ${JSON.stringify(label)}, which is not among the classes`);
  return number;
}

/** The last document that begins at or before a sample. */
function documentOf(starts: Int32Array, i: number): number {
  let [low, high] = [0, starts.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= i) low = middle;
    else high = middle;
  }
  return low;
}

function sourceOf({ file, count }: Documents, i: number): string {
  return count === 1 ? file.path : `${file.path}, text ${i + 1}`;
}
