/** Samples and batches: tensors by name, with and without the first axis, which is that of the samples. */
import {
  allocateStorage,
  dtypeInfo,
  elementCount,
  type HostTensor,
  isDType,
  isStorage,
  type Storage,
  storageLength,
} from "@bitbudget/core";
import { DataError } from "./errors.ts";
import { describe, isRecord } from "./values.ts";

export type Tensors = Readonly<Record<string, HostTensor>>;

/** What a model takes and what its outputs are compared with. */
export interface Batch {
  /** Inputs of the model, by name. */
  readonly feeds: Tensors;
  /** What metrics and losses compare with, by name: "labels" for classes and for next tokens. */
  readonly targets: Tensors;
}

/** As a batch, but each tensor is of one sample: without the first axis. */
export type Sample = Batch;

const kinds = ["feeds", "targets"] as const;

/** Samples in a batch: the first axis of its first tensor, 1 where it has none. */
export function sampleCount({ feeds, targets }: Batch): number {
  const [first] = [...Object.values(feeds), ...Object.values(targets)];
  return first?.shape[0] ?? 1;
}

/**
 * One batch of samples.
 * @throws DataError for samples whose names, formats or shapes differ
 */
export function stack(samples: readonly Sample[]): Batch {
  return { feeds: stackAll(samples, "feeds"), targets: stackAll(samples, "targets") };
}

function stackAll(samples: readonly Sample[], kind: (typeof kinds)[number]): Tensors {
  const names = Object.keys(samples[0]?.[kind] ?? {});
  return Object.fromEntries(
    names.map((name) => [
      name,
      stackOne(
        samples.map((s) => s[kind][name]),
        name,
      ),
    ]),
  );
}

function stackOne(tensors: readonly (HostTensor | undefined)[], name: string): HostTensor {
  const [first] = tensors;
  if (first === undefined) throw new DataError(name, "is missing in a sample that others have");
  const { dtype, shape } = first;
  const length = elementCount(shape);
  const data = allocateStorage(dtype, tensors.length * length);
  for (const [i, each] of tensors.entries()) {
    if (each?.dtype !== dtype || each.shape.join() !== shape.join()) {
      const found = each === undefined ? "is missing" : `is ${each.dtype} [${each.shape.join(", ")}]`;
      throw new DataError(
        name,
        `${found} in one sample and ${dtype} [${shape.join(", ")}] in another; samples of a batch must be alike: ` +
          "resize or crop images, pad texts, or use batches of 1",
      );
    }
    copyInto(data, i * length, each.data);
  }
  return { dtype, shape: [tensors.length, ...shape], data };
}

/** Copies between arrays of one type. */
function copyInto(to: Storage, at: number, from: Storage): void {
  const bytes = to.BYTES_PER_ELEMENT;
  new Uint8Array(to.buffer, to.byteOffset + at * bytes, from.byteLength).set(
    new Uint8Array(from.buffer, from.byteOffset, from.byteLength),
  );
}

/** The samples of a batch, without copying. @throws DataError where tensors have different first axes */
export function unstack(batch: Batch, source: string): Sample[] {
  const count = sampleCount(batch);
  for (const kind of kinds)
    for (const [name, { dtype, shape }] of Object.entries(batch[kind]))
      if (shape[0] !== count || dtypeInfo(dtype).bits < 8)
        throw new DataError(
          source,
          `${JSON.stringify(name)}, ${dtype} [${shape.join(", ")}], has no first axis of ${count} samples, so this batch cannot ` +
            "be cut; use it as it is, without take, skip or another batch size",
        );
  return Array.from({ length: count }, (_, i) => ({
    feeds: rowsAt(batch.feeds, i),
    targets: rowsAt(batch.targets, i),
  }));
}

function rowsAt(tensors: Tensors, i: number): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, each]) => [name, rowOf(each, i)]));
}

/** One row of a tensor, without copying. */
export function rowOf({ dtype, shape, data }: HostTensor, i: number): HostTensor {
  const row = shape.slice(1);
  const length = elementCount(row);
  return { dtype, shape: row, data: data.subarray(i * length, (i + 1) * length) };
}

/**
 * What came from outside, as a batch. `targets` may be left out.
 * @throws DataError that says which tensor is not one
 */
export function checkBatch(value: unknown, source: string): Batch {
  if (!isRecord(value) || !isRecord(value.feeds))
    throw new DataError(source, `must be { feeds, targets }, tensors by name, not ${describe(value)}`);
  const targets = value.targets ?? {};
  if (!isRecord(targets))
    throw new DataError(source, `its targets must be tensors by name, not ${describe(targets)}`);
  if (Object.keys(value.feeds).length === 0)
    throw new DataError(source, "has no feeds; name the inputs of the model");
  return { feeds: checkTensors(value.feeds, source), targets: checkTensors(targets, source) };
}

function checkTensors(tensors: Record<string, unknown>, source: string): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, each]) => [
      name,
      checkTensor(each, `${source}, ${JSON.stringify(name)}`),
    ]),
  );
}

/** @throws DataError */
export function checkTensor(value: unknown, source: string): HostTensor {
  if (!isRecord(value))
    throw new DataError(source, `must be a tensor { dtype, shape, data }, not ${describe(value)}`);
  const { dtype, shape, data } = value;
  if (!isDType(dtype)) throw new DataError(source, `has the dtype ${describe(dtype)}, which does not exist`);
  if (!isShape(shape))
    throw new DataError(source, `has the shape ${describe(shape)}; use a list of non-negative integers`);
  if (!ArrayBuffer.isView(data) || !isStorage(dtype, data))
    throw new DataError(
      source,
      `its data are ${describe(data)}, which do not hold codes of ${dtype}; make it with tensor() of @bitbudget/core`,
    );
  const expected = storageLength(dtype, elementCount(shape));
  if (data.length !== expected)
    throw new DataError(
      source,
      `has ${data.length} elements where ${dtype} [${shape.join(", ")}] needs ${expected}`,
    );
  return { dtype, shape, data };
}

function isShape(value: unknown): value is number[] {
  if (!Array.isArray(value) || !value.every((size) => Number.isSafeInteger(size) && size >= 0)) return false;
  return value.reduce((product: number, size: number) => product * (size || 1), 1) <= Number.MAX_SAFE_INTEGER;
}
