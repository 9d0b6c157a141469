/** What everything reads: batches, as often as they are needed, of samples that are read when their turn comes. */
import { type Batch, type Sample, sampleCount, stack, unstack } from "./batch.ts";
import { DataError } from "./errors.ts";
import { hashBatch, hashJson } from "./hash.ts";
import { permutation } from "./random.ts";

/** Samples by number. Nothing but what is asked for is in memory. */
export interface SampleSource {
  /** What it is read from, for errors. */
  readonly name: string;
  readonly count: number;
  /** Names of classes; a label is an index into them. */
  readonly classes?: readonly string[] | undefined;
  /** Whether samples can be missing: broken ones that are left out. */
  readonly gaps?: boolean;
  /** The samples with these numbers, in this order; undefined for one that is left out. */
  read(indices: Int32Array): Promise<readonly (Sample | undefined)[]>;
  /** SHA-256 of the bytes that these samples are made of, and of how. */
  hash(indices: Int32Array): Promise<string>;
}

export interface BatchOptions {
  /** Samples in a batch. Default 32. */
  readonly batchSize?: number;
  /** What becomes of samples at the end that fill no batch: a smaller batch ("keep", the default), or nothing ("drop"). */
  readonly partial?: "keep" | "drop";
}

/**
 * Samples in batches. Iterating reads them, each time anew; every method returns another dataset and leaves this one as
 * it is. Where @bitbudget/train takes batches, it takes a dataset.
 */
export interface Dataset extends AsyncIterable<Batch> {
  /** Samples, where that is known. Broken ones that are left out count. */
  readonly count?: number;
  /** Batches, where that is known. */
  readonly length?: number;
  /** Names of classes, where there are any: the target "labels" holds indices into them. */
  readonly classes?: readonly string[];
  /** The batches of an epoch without the first `from`. After `shuffle`, each epoch has an order of its own. */
  epoch(epoch: number, from: number): AsyncGenerator<Batch, void, undefined>;
  /** The same samples in batches of another size. */
  batch(size: number, options?: Pick<BatchOptions, "partial">): Dataset;
  /** The first samples; all, where there are fewer. */
  take(count: number): Dataset;
  /** All but the first samples. */
  skip(count: number): Dataset;
  /** The samples in an order that follows from the seed, on every platform. @throws DataError for an iterator */
  shuffle(seed?: number): Dataset;
  /**
   * Parts that share no sample, of the given fractions of all. With a seed, samples are shuffled first.
   * @throws DataError for fractions that are not positive or sum to more than 1, and for an iterator
   */
  split(fractions: readonly number[], seed?: number): Dataset[];
  /** All samples in memory, read once. */
  load(): Promise<Dataset>;
  /** SHA-256 of the contents of the sources, the preprocessing, the choice of samples and the batches: a key for caches. */
  hash(): Promise<string>;
}

interface View {
  readonly batchSize: number;
  readonly partial: "keep" | "drop";
  /** Numbers of samples; all without. */
  readonly indices?: Int32Array;
  /** Of the order in epochs after the first. */
  readonly seed?: number;
}

/** A dataset of samples that can be read in any order. */
export function createDataset(source: SampleSource, options: BatchOptions = {}): Dataset {
  return new IndexedDataset(source, checkOptions(options, 32));
}

/** @throws DataError */
export function checkOptions(
  { batchSize, partial = "keep" }: BatchOptions,
  size: number,
): Required<BatchOptions> {
  return { batchSize: positive("batchSize", batchSize ?? size), partial };
}

function positive(name: string, value: number): number {
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw new DataError(name, `must be a positive integer, not ${value}`);
  return value;
}

/** @throws DataError */
export function checkCount(name: string, value: number): number {
  if (!(Number.isSafeInteger(value) && value >= 0))
    throw new DataError(name, `must be a non-negative integer, not ${value}`);
  return value;
}

class IndexedDataset implements Dataset {
  readonly count: number;
  readonly length: number;
  declare readonly classes?: readonly string[];
  readonly #source: SampleSource;
  readonly #view: View;
  readonly #indices: Int32Array;

  constructor(source: SampleSource, view: View) {
    this.#source = source;
    this.#view = view;
    this.#indices = view.indices ?? Int32Array.from({ length: source.count }, (_, i) => i);
    this.count = this.#indices.length;
    const batches = this.count / view.batchSize;
    this.length = view.partial === "keep" ? Math.ceil(batches) : Math.floor(batches);
    if (source.classes !== undefined) this.classes = source.classes;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    return this.epoch(0, 0);
  }

  async *epoch(epoch: number, from: number): AsyncGenerator<Batch, void, undefined> {
    const { batchSize, partial } = this.#view;
    const order = this.#order(epoch);
    // Where samples can be missing, nobody knows which ones make a batch without reading those before.
    let toDrop = this.#source.gaps ? from : 0;
    let samples: Sample[] = [];
    for (let at = this.#source.gaps ? 0 : from * batchSize; at < order.length; ) {
      const end = Math.min(order.length, at + batchSize - samples.length);
      const read = await this.#source.read(order.subarray(at, end));
      samples.push(...read.filter((sample) => sample !== undefined));
      at = end;
      const full = samples.length === batchSize;
      if (!(full || (at === order.length && samples.length > 0 && partial === "keep"))) continue;
      if (toDrop-- <= 0) yield stack(samples);
      samples = [];
    }
  }

  #order(epoch: number): Int32Array {
    const { seed } = this.#view;
    if (seed === undefined || epoch === 0) return this.#indices;
    return permutation(this.count, seed, epoch).map((i) => this.#indices[i]!);
  }

  batch(size: number, { partial = "keep" }: Pick<BatchOptions, "partial"> = {}): Dataset {
    return this.#with({ batchSize: positive("the size of batches", size), partial });
  }

  take(count: number): Dataset {
    return this.#with({ indices: this.#indices.slice(0, checkCount("take", count)) });
  }

  skip(count: number): Dataset {
    return this.#with({ indices: this.#indices.slice(checkCount("skip", count)) });
  }

  shuffle(seed = 0): Dataset {
    return this.#with({ indices: permutation(this.count, seed, 0).map((i) => this.#indices[i]!), seed });
  }

  split(fractions: readonly number[], seed?: number): Dataset[] {
    const sum = fractions.reduce((total, part) => total + part, 0);
    if (fractions.length === 0 || !fractions.every((part) => part > 0) || sum > 1 + 1e-9)
      throw new DataError(
        "split",
        `takes positive fractions that sum to at most 1, not [${fractions.join(", ")}]`,
      );
    const order =
      seed === undefined ? this.#indices : permutation(this.count, seed, 0).map((i) => this.#indices[i]!);
    let before = 0;
    return fractions.map((part) => {
      const start = Math.round(before * this.count);
      before += part;
      return this.#with({ indices: order.slice(start, Math.round(before * this.count)) });
    });
  }

  async load(): Promise<Dataset> {
    const samples: Sample[] = [];
    for await (const batch of this) samples.push(...unstack(batch, this.#source.name));
    const hash = await this.#source.hash(this.#indices);
    const { classes, name } = this.#source;
    const { batchSize, partial, seed } = this.#view;
    return new IndexedDataset(inMemory(name, samples, hash, classes), {
      batchSize,
      partial,
      ...(seed !== undefined && { seed }),
    });
  }

  async hash(): Promise<string> {
    const { batchSize, partial, seed } = this.#view;
    return hashJson([
      await this.#source.hash(this.#indices),
      [...this.#indices],
      batchSize,
      partial,
      seed ?? null,
    ]);
  }

  #with(change: Partial<View>): Dataset {
    return new IndexedDataset(this.#source, { ...this.#view, ...change });
  }
}

function inMemory(
  name: string,
  samples: readonly Sample[],
  hash: string,
  classes?: readonly string[],
): SampleSource {
  return {
    name,
    count: samples.length,
    classes,
    read: async (indices) => Array.from(indices, (i) => samples[i]!),
    hash: async () => hash,
  };
}

/** Samples in memory. @param name for errors */
export async function samplesInMemory(name: string, samples: readonly Sample[]): Promise<SampleSource> {
  const hashes: string[] = [];
  for (const sample of samples) hashes.push(await hashBatch(sample));
  return inMemory(name, samples, await hashJson(hashes));
}

/**
 * A dataset of tensors in memory, whose first axis is the samples.
 * @throws DataError for tensors with different numbers of samples, and for what are no tensors
 */
export function fromTensors(
  samples: Batch,
  options: BatchOptions & { readonly classes?: readonly string[] } = {},
): Dataset {
  const rows = unstack(samples, "the tensors");
  const source: SampleSource = {
    name: "the tensors",
    count: sampleCount(samples),
    classes: options.classes,
    read: async (indices) => Array.from(indices, (i) => rows[i]!),
    hash: () => hashBatch(samples),
  };
  return createDataset(source, options);
}
