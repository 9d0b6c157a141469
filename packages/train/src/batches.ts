/** Mini-batches: what an epoch goes through. */
import { allocateStorage, dtypeInfo, type HostTensor, type Storage, type TensorType } from "@bitbudget/core";
import type { Feeds } from "@bitbudget/runtime";
import type { Batch } from "./batch.ts";
import { TrainingError } from "./errors.ts";
import { permutation, randomNumbers } from "./random.ts";

/** Something that makes the batches of an epoch, from any of them on: then training resumes without going through all. */
export interface BatchSource {
  /** Batches of an epoch, where that is known. */
  readonly length?: number;
  /** @param from how many batches to leave out at the start */
  epoch(epoch: number, from: number): Iterable<Batch> | AsyncIterable<Batch>;
}

/** Anything to iterate over is one epoch; it is iterated again for the next one. */
export type Batches = Iterable<Batch> | AsyncIterable<Batch> | BatchSource;

/** Batches of an epoch, from one of them on. */
export async function* batchesOf(batches: Batches, epoch: number, from: number): AsyncGenerator<Batch> {
  if ("epoch" in batches) {
    yield* batches.epoch(epoch, from);
    return;
  }
  let i = 0;
  for await (const batch of batches) if (i++ >= from) yield batch;
}

export interface MiniBatchOptions {
  /** Samples in a batch. */
  readonly size: number;
  /** A new order in each epoch. Default true. */
  readonly shuffle?: boolean;
  /** Of the order and of augmentation. Default 0. */
  readonly seed?: number;
  /**
   * What becomes of the samples at the end of an epoch that fill no batch: "drop" leaves them out, which shuffling makes
   * others each time, "keep" makes a smaller batch, for which a second plan is made. Default "drop".
   */
  readonly partial?: "drop" | "keep";
  /**
   * Changes a batch before it is used: augmentation, the logits of a teacher. Its random numbers are those of the seed,
   * the epoch and the batch alone.
   */
  readonly prepare?: (batch: Batch, random: () => number) => Batch | Promise<Batch>;
}

/**
 * Batches of samples in memory.
 * @param samples tensors whose first axis is the samples
 * @throws TrainingError for tensors with different numbers of samples, or fewer than a batch
 */
export function miniBatches(
  samples: Batch,
  options: MiniBatchOptions,
): BatchSource & { readonly length: number } {
  const { size, shuffle = true, seed = 0, partial = "drop", prepare } = options;
  const count = countSamples(samples);
  if (!(Number.isSafeInteger(size) && size >= 1))
    throw new TrainingError(`the size of batches must be a positive integer, not ${size}`);
  const length = partial === "keep" ? Math.ceil(count / size) : Math.floor(count / size);
  if (length === 0) throw new TrainingError(`${count} samples make no batch of ${size}`);
  return {
    length,
    async *epoch(epoch, from) {
      const order = shuffle
        ? permutation(count, randomNumbers(seed, epoch))
        : Int32Array.from({ length: count }, (_, i) => i);
      for (let i = from; i < length; i++) {
        const rows = order.subarray(i * size, (i + 1) * size);
        const batch = { feeds: pick(samples.feeds, rows), targets: pick(samples.targets, rows) };
        yield prepare === undefined ? batch : await prepare(batch, randomNumbers(seed, epoch, i));
      }
    },
  };
}

function countSamples({ feeds, targets }: Batch): number {
  const tensors = [...Object.entries(feeds), ...Object.entries(targets)];
  const [first] = tensors;
  const count = first?.[1].shape[0];
  if (first === undefined || count === undefined)
    throw new TrainingError("samples need a tensor with an axis of samples");
  for (const [name, { dtype, shape }] of tensors) {
    if (shape[0] !== count)
      throw new TrainingError(
        `${JSON.stringify(name)} has ${shape[0] ?? "no"} samples and ${JSON.stringify(first[0])} has ${count}`,
      );
    if (dtypeInfo(dtype).bits < 8)
      throw new TrainingError(
        `${JSON.stringify(name)} is ${dtype}: samples of packed codes cannot be picked`,
      );
  }
  return count;
}

function pick(tensors: Feeds, rows: Int32Array): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
      const length = shape.slice(1).reduce((product, size) => product * size, 1);
      const type: TensorType = { dtype, shape: [rows.length, ...shape.slice(1)] };
      const picked = allocateStorage(dtype, rows.length * length);
      for (const [i, row] of rows.entries()) copyRow(picked, i * length, data, row * length, length);
      return [name, { ...type, data: picked }];
    }),
  );
}

/** Arrays of one type. */
function copyRow(to: Storage, at: number, from: Storage, start: number, length: number): void {
  const bytes = to.BYTES_PER_ELEMENT;
  new Uint8Array(to.buffer, to.byteOffset + at * bytes, length * bytes).set(
    new Uint8Array(from.buffer, from.byteOffset + start * bytes, length * bytes),
  );
}
