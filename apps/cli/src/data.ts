/** Options about data, and the dataset that they name: opened by @bitbudget/data, fitted to the model's inputs, interruptible. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  type Batch,
  checkPreprocessing,
  type Dataset,
  type LabelMap,
  type OpenOptions,
} from "@bitbudget/data";
import { openData } from "@bitbudget/data/node";
import { macrotask } from "@bitbudget/train";
import type { Context } from "./command.ts";
import { isRecord, readJson } from "./config.ts";
import { UsageError } from "./errors.ts";
import { localFile } from "./models/cache.ts";
import { fixedBatch, type ValueDescription } from "./models/describe.ts";
import type { OptionSpec, Values } from "./options.ts";

export const dataOptions: readonly OptionSpec[] = [
  {
    name: "data",
    type: "path",
    placeholder: "PATH",
    help: "Folder of images, .npy, .npz, .safetensors, texts, .zip, or a module with batches; a path or an address",
  },
  {
    name: "preprocessing",
    type: "path",
    placeholder: "FILE",
    help: "JSON: from an image to the model's input (README of @bitbudget/data)",
  },
  { name: "labels", type: "path", placeholder: "FILE", help: 'JSON: classes of images, { "a.jpg": "cat" }' },
  {
    name: "classes",
    type: "path",
    placeholder: "FILE",
    help: "Names of the model's classes in their order: one on each line, or a JSON list",
  },
  {
    name: "text",
    type: "path",
    placeholder: "FILE",
    help: "JSON: how texts become tokens, { tokenizer: path of tokenizer.json, length, next, ... }",
  },
  {
    name: "feeds",
    type: "list",
    placeholder: "INPUT=ARRAY,..",
    help: "Which array of the data each input of the model is",
  },
  {
    name: "samples",
    type: "integer",
    minimum: 1,
    placeholder: "N",
    help: "How many samples are used at most",
  },
  { name: "batch", type: "integer", minimum: 1, placeholder: "N", help: "Samples in a batch" },
  {
    name: "seed",
    type: "integer",
    placeholder: "N",
    help: "Which samples are chosen, where not all are used",
  },
];

/** @param batchSize default, where the model takes batches of any size @throws UsageError, DataError */
export async function openDataset(
  context: Context,
  values: Values,
  inputs: readonly ValueDescription[],
  batchSize: number,
): Promise<Dataset> {
  const source = values.text("data");
  if (source === undefined) throw new UsageError("there is no data; give --data PATH");
  const fixed = fixedBatch(inputs);
  const size = values.integer("batch") ?? fixed ?? batchSize;
  if (fixed !== undefined && size !== fixed)
    throw new UsageError(`the model is made for batches of ${fixed}; leave --batch out, or say ${fixed}`);
  const only = inputs.length === 1 ? inputs[0]?.name : undefined;
  const path = await localFile(context, source, values.flag("cache") === false);
  return openData(path, {
    batchSize: size,
    partial: fixed === undefined ? "keep" : "drop",
    ...(await preprocessingOption(values, only)),
    ...(await labelOptions(values)),
    ...(await textOption(values, only)),
    ...feedsOption(values),
  });
}

/** From an image to the input, as --preprocessing says. @param input of the model, where it has just one */
export async function preprocessingOption(
  values: Values,
  input: string | undefined,
): Promise<Pick<OpenOptions, "preprocessing">> {
  const path = values.text("preprocessing");
  if (path === undefined) return {};
  const given = checkPreprocessing(await readJson(path, "--preprocessing"), path);
  return { preprocessing: input === undefined ? given : { input, ...given } };
}

async function labelOptions(values: Values): Promise<OpenOptions> {
  const path = values.text("labels");
  const classes = await classesOf(values);
  if (path === undefined) return { ...(classes && { classes }) };
  const json = await readJson(path, "--labels");
  const labels: Record<string, string | number> = {};
  for (const [file, label] of Object.entries(isRecord(json) ? json : {}))
    if (typeof label === "string" || typeof label === "number") labels[file] = label;
  if (!isRecord(json) || Object.keys(labels).length !== Object.keys(json).length)
    throw new UsageError(`--labels: ${path} must be an object of names or numbers of classes by file`);
  return { labels: labels satisfies LabelMap, ...(classes && { classes }) };
}

async function classesOf(values: Values): Promise<string[] | undefined> {
  const path = values.text("classes");
  if (path === undefined) return undefined;
  if (path.endsWith(".json")) {
    const json = await readJson(path, "--classes");
    if (Array.isArray(json) && json.every((name) => typeof name === "string")) return json;
    throw new UsageError(`--classes: ${path} must be a list of names`);
  }
  return (await readFile(path, "utf8")).split(/\r?\n/).filter((line) => line.trim() !== "");
}

async function textOption(values: Values, input: string | undefined): Promise<OpenOptions> {
  const path = values.text("text");
  if (path === undefined) return {};
  const { tokenizer, length, ...rest } = await textFile(path);
  if (typeof length !== "number")
    throw new UsageError(`--text: ${path} must say the length of samples in tokens, as "length": 128`);
  const json =
    typeof tokenizer === "string" ? await readJson(resolve(dirname(path), tokenizer), "--text") : tokenizer;
  const names = input === undefined ? {} : { names: { ids: input, mask: false as const } };
  return { text: { ...names, ...rest, length, ...(json !== undefined && { tokenizer: json }) } };
}

async function textFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const json = await readJson(path, "--text");
  if (isRecord(json)) return json;
  throw new UsageError(`--text: ${path} must be an object of options`);
}

function feedsOption(values: Values): OpenOptions {
  const pairs = values.list("feeds");
  if (pairs === undefined) return {};
  const feeds = pairs.map((pair): [string, string] => {
    const split = pair.lastIndexOf("=");
    if (split < 1) throw new UsageError(`--feeds: ${pair} is not INPUT=ARRAY`);
    return [pair.slice(0, split), pair.slice(split + 1)];
  });
  return { feeds: Object.fromEntries(feeds) };
}

/** The first samples in an order that follows from the seed; data that comes as it likes, as it comes. */
export function choose(data: Dataset, samples: number | undefined, seed: number): Dataset {
  if (samples === undefined || (data.count !== undefined && data.count <= samples)) return data;
  return (data.count === undefined ? data : data.shuffle(seed)).take(samples);
}

/** What many passes over data may hold of it. */
const MEMORY = 2 ** 30;

/** The data in memory where it has room there, so that images are decoded once. */
export async function held(data: Dataset): Promise<Dataset> {
  for await (const { feeds } of data) {
    const bytes = Object.values(feeds).reduce((sum, each) => sum + each.data.byteLength, 0);
    return bytes * (data.length ?? Number.POSITIVE_INFINITY) > MEMORY ? data : data.load();
  }
  return data;
}

export interface BatchSource {
  readonly length?: number;
  epoch(epoch: number, from: number): AsyncGenerator<Batch, void, undefined>;
}

/** Batches between which Ctrl-C is heard. */
export function interruptible(data: Dataset, signal: AbortSignal): BatchSource {
  return {
    ...(data.length !== undefined && { length: data.length }),
    async *epoch(epoch, from) {
      for await (const batch of data.epoch(epoch, from)) {
        await macrotask();
        signal.throwIfAborted();
        yield batch;
      }
    },
  };
}
