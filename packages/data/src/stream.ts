/** Batches that a user's own code makes, one after the other: nobody knows how many, and none can be read out of turn. */
import { type Batch, checkBatch, type Sample, sampleCount, stack, unstack } from "./batch.ts";
import { type BatchOptions, checkCount, createDataset, type Dataset, samplesInMemory } from "./dataset.ts";
import { DataError } from "./errors.ts";
import { hashBatch, hashJson } from "./hash.ts";
import { describe } from "./values.ts";

/** Something that makes batches `{ feeds, targets }`; a function makes them anew each time that they are iterated over. */
export type BatchInput =
  | Iterable<unknown>
  | AsyncIterable<unknown>
  | (() => Iterable<unknown> | AsyncIterable<unknown> | Promise<Iterable<unknown> | AsyncIterable<unknown>>);

export interface StreamOptions extends BatchOptions {
  /** For errors. Default "the iterator". */
  readonly name?: string;
  readonly classes?: readonly string[];
}

/**
 * A dataset of batches from an iterable or a function that returns one. Each batch is checked when it comes; names and
 * formats must stay the same. With `batchSize`, batches are cut and joined to that size; without, they stay as they are.
 *
 * A generator can be iterated over once: give the function that makes it. `hash` goes through all batches.
 * @throws DataError for what cannot be iterated over; when iterating, for a batch that is none
 */
export function fromBatches(batches: BatchInput, options: StreamOptions = {}): Dataset {
  const { name = "the iterator", classes, batchSize, partial = "keep" } = options;
  if (typeof batches !== "function" && !isIterable(batches))
    throw new DataError(
      name,
      `must be an iterable of batches, or a function that returns one, not ${describe(batches)}`,
    );
  if (batchSize !== undefined) checkCount("batchSize", batchSize - 1);
  return new StreamDataset(checkedBatches(batches, name), {
    name,
    classes,
    size: batchSize,
    partial,
    skip: 0,
    take: Infinity,
  });
}

function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return (
    typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

/** Starts over each time that it is called. */
function checkedBatches(input: BatchInput, name: string): () => AsyncGenerator<Batch, void, undefined> {
  let started = false;
  return async function* () {
    const batches = typeof input === "function" ? await input() : input;
    if (!isIterable(batches))
      throw new DataError(name, `must return an iterable of batches, not ${describe(batches)}`);
    const once = "next" in batches;
    if (once && started && typeof input !== "function")
      throw new DataError(
        name,
        "is a generator, which can be gone through once; give the function that makes it",
      );
    started = true;
    let expected: string | undefined;
    let i = 0;
    for await (const each of batches) {
      const batch = checkBatch(each, `batch ${i++} of ${name}`);
      const types = typesOf(batch);
      expected ??= types;
      if (types !== expected)
        throw new DataError(
          `batch ${i - 1} of ${name}`,
          `has ${types}, and the batches before have ${expected}`,
        );
      yield batch;
    }
  };
}

function typesOf({ feeds, targets }: Batch): string {
  const list = (tensors: Batch["feeds"]) =>
    Object.keys(tensors)
      .sort()
      .map((name) => `${name}: ${tensors[name]?.dtype}`)
      .join(", ");
  return `feeds { ${list(feeds)} } and targets { ${list(targets)} }`;
}

interface View {
  readonly name: string;
  readonly classes: readonly string[] | undefined;
  /** Samples in a batch; undefined leaves batches as they come. */
  readonly size: number | undefined;
  readonly partial: "keep" | "drop";
  readonly skip: number;
  readonly take: number;
}

class StreamDataset implements Dataset {
  declare readonly classes?: readonly string[];
  readonly #start: () => AsyncGenerator<Batch, void, undefined>;
  readonly #view: View;

  constructor(start: () => AsyncGenerator<Batch, void, undefined>, view: View) {
    this.#start = start;
    this.#view = view;
    if (view.classes !== undefined) this.classes = view.classes;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    return this.epoch(0, 0);
  }

  async *epoch(_epoch: number, from: number): AsyncGenerator<Batch, void, undefined> {
    const { size, partial } = this.#view;
    let i = 0;
    let samples: Sample[] = [];
    for await (const batch of this.#chosen()) {
      if (size === undefined || (samples.length === 0 && sampleCount(batch) === size)) {
        if (i++ >= from) yield batch;
        continue;
      }
      for (const sample of unstack(batch, this.#view.name)) {
        samples.push(sample);
        if (samples.length < size) continue;
        if (i++ >= from) yield stack(samples);
        samples = [];
      }
    }
    if (samples.length > 0 && partial === "keep" && i >= from) yield stack(samples);
  }

  /** Batches of the samples from `skip` on, `take` of them. */
  async *#chosen(): AsyncGenerator<Batch, void, undefined> {
    const { skip, take, name } = this.#view;
    if (take === 0) return;
    let seen = 0;
    for await (const batch of this.#start()) {
      const count = sampleCount(batch);
      const [first, last] = [Math.max(0, skip - seen), Math.min(count, skip + take - seen)];
      seen += count;
      if (first === 0 && last === count) yield batch;
      else if (first < last) yield stack(unstack(batch, name).slice(first, last));
      if (seen >= skip + take) return;
    }
  }

  batch(size: number, { partial = "keep" }: Pick<BatchOptions, "partial"> = {}): Dataset {
    checkCount("the size of batches", size - 1);
    return this.#with({ size, partial });
  }

  take(count: number): Dataset {
    return this.#with({ take: Math.min(this.#view.take, checkCount("take", count)) });
  }

  skip(count: number): Dataset {
    const { skip, take } = this.#view;
    return this.#with({ skip: skip + checkCount("skip", count), take: Math.max(0, take - count) });
  }

  shuffle(): Dataset {
    throw this.#inOrder("shuffled");
  }

  split(): Dataset[] {
    throw this.#inOrder("split");
  }

  async load(): Promise<Dataset> {
    const samples: Sample[] = [];
    let size = this.#view.size;
    for await (const batch of this) {
      size ??= sampleCount(batch);
      // Copied: a user's code may fill the same array for each batch.
      const kept = stack(unstack(batch, this.#view.name));
      samples.push(...unstack(kept, this.#view.name));
    }
    const source = await samplesInMemory(this.#view.name, samples);
    const { classes, partial } = this.#view;
    return createDataset({ ...source, classes }, { batchSize: size ?? 1, partial });
  }

  async hash(): Promise<string> {
    const hashes: string[] = [];
    for await (const batch of this) hashes.push(await hashBatch(batch));
    return hashJson(hashes);
  }

  #inOrder(what: string): DataError {
    return new DataError(
      this.#view.name,
      `is an iterator and cannot be ${what}; call load() first, which reads all of it into memory`,
    );
  }

  #with(change: Partial<View>): Dataset {
    return new StreamDataset(this.#start, { ...this.#view, ...change });
  }
}
