/** Arrays in files, of which rows are read when they are needed. */
import { type DType, dtypeInfo, elementCount, type HostTensor, type Storage } from "@bitbudget/core";
import { rowOf } from "../batch.ts";
import type { SampleSource } from "../dataset.ts";
import { DataError } from "../errors.ts";
import type { DataFile } from "../files/file.ts";
import { hashFile, hashJson } from "../hash.ts";

/** An array somewhere in a file, row-major and little-endian unless its order of bytes is `swapped`. */
export interface FileArray {
  readonly file: DataFile;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Of its first byte. */
  readonly start: number;
  readonly swapped?: boolean;
}

/** Rows are read together where no more than this many bytes lie between them. */
const GAP = 2 ** 14;

/** The rows `first` to before `end` of an array: its elements along the first axis. */
export async function readRows(
  { file, dtype, shape, start, swapped = false }: FileArray,
  first: number,
  end: number,
): Promise<HostTensor> {
  const bytes = dtypeInfo(dtype).bits / 8;
  const row = elementCount(shape.slice(1)) * bytes;
  const read = await file.read(start + first * row, start + end * row);
  return { dtype, shape: [end - first, ...shape.slice(1)], data: toStorage(dtype, read, swapped) };
}

/** The whole of it. */
export async function readArray(array: FileArray): Promise<HostTensor> {
  const all = await readRows({ ...array, shape: [1, ...array.shape] }, 0, 1);
  return { ...all, shape: array.shape };
}

type Constructor = new (buffer: ArrayBuffer, byteOffset: number, length: number) => Storage;

const views: Record<string, Constructor> = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
};

/** Bytes as codes, in an array of their own: what was read can be a view of a file in memory, aligned to nothing. */
function toStorage(dtype: DType, bytes: Uint8Array, swapped: boolean): Storage {
  const size = dtypeInfo(dtype).bits / 8;
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  if (swapped) for (let at = 0; at < copy.length; at += size) copy.subarray(at, at + size).reverse();
  return new (views[dtype] ?? Uint8Array)(copy.buffer, 0, copy.length / size);
}

/** Which arrays are inputs of the model and which are compared with its outputs: names in the model by names in the file. */
export interface ArrayNames {
  /** Inputs of the model, each with the name of an array. Default: every array that is no target, under its own name. */
  readonly feeds?: Readonly<Record<string, string>>;
  /** Default: the array "labels", where there is one. */
  readonly targets?: Readonly<Record<string, string>>;
}

/**
 * Samples that are the rows of arrays.
 * @throws DataError for arrays with different numbers of rows, and for names that do not occur
 */
export function arraySource(
  arrays: ReadonlyMap<string, FileArray>,
  name: string,
  names: ArrayNames,
): SampleSource {
  const targets = pick(arrays, names.targets ?? (arrays.has("labels") ? { labels: "labels" } : {}), name);
  const others = [...arrays.keys()].filter((each) => ![...targets.values()].includes(arrays.get(each)!));
  const feeds = pick(arrays, names.feeds ?? Object.fromEntries(others.map((each) => [each, each])), name);
  if (feeds.size === 0) throw new DataError(name, "has no array that is an input of the model");
  const count = countRows([...feeds, ...targets], name);
  const readAll = async (from: ReadonlyMap<string, FileArray>, indices: Int32Array) => {
    const columns: [string, HostTensor[]][] = [];
    for (const [key, array] of from) columns.push([key, await readSome(array, indices)]);
    return Array.from(indices, (_, i) => Object.fromEntries(columns.map(([key, rows]) => [key, rows[i]!])));
  };
  return {
    name,
    count,
    read: async (indices) => {
      const [fed, compared] = [await readAll(feeds, indices), await readAll(targets, indices)];
      return fed.map((each, i) => ({ feeds: each, targets: compared[i]! }));
    },
    hash: async () => {
      const files = [...new Set([...feeds.values(), ...targets.values()].map(({ file }) => file))];
      const contents: string[] = [];
      for (const file of files) contents.push(await hashFile(file));
      const plan = [feeds, targets].map((each) =>
        [...each].map(([key, { file, start }]) => [key, files.indexOf(file), start]),
      );
      return hashJson(["arrays", contents, plan]);
    },
  };
}

function pick(
  arrays: ReadonlyMap<string, FileArray>,
  names: Readonly<Record<string, string>>,
  source: string,
): Map<string, FileArray> {
  return new Map(
    Object.entries(names).map(([key, name]) => {
      const array = arrays.get(name);
      if (array === undefined)
        throw new DataError(
          source,
          `has no array ${JSON.stringify(name)}; it has ${[...arrays.keys()].join(", ") || "none"}`,
        );
      return [key, array];
    }),
  );
}

function countRows(arrays: readonly (readonly [string, FileArray])[], source: string): number {
  const [first] = arrays;
  const count = first?.[1].shape[0];
  for (const [name, { shape }] of arrays) {
    if (shape.length === 0)
      throw new DataError(source, `${JSON.stringify(name)} is a single number; samples need a first axis`);
    if (shape[0] !== count)
      throw new DataError(
        source,
        `${JSON.stringify(name)} has ${shape[0]} samples and ${JSON.stringify(first?.[0])} has ${count}; choose arrays with feeds and targets`,
      );
  }
  return count ?? 0;
}

/** Rows in any order: those that lie together are read together. */
async function readSome(array: FileArray, indices: Int32Array): Promise<HostTensor[]> {
  const rowBytes = elementCount(array.shape.slice(1)) * (dtypeInfo(array.dtype).bits / 8);
  const near = Math.floor(GAP / Math.max(1, rowBytes)) + 1;
  const sorted = Array.from(indices, (row, at) => ({ row, at })).sort((a, b) => a.row - b.row);
  const rows: HostTensor[] = [];
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && sorted[to]!.row - sorted[to - 1]!.row <= near) to++;
    const first = sorted[from]!.row;
    const block = await readRows(array, first, sorted[to - 1]!.row + 1);
    for (const { row, at } of sorted.slice(from, to)) rows[at] = rowOf(block, row - first);
    from = to;
  }
  return rows;
}
