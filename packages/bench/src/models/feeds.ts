/** Inputs for a model that nobody has to prepare: random numbers in the range that its inputs have. */
import { elementCount, type HostTensor, tensor } from "@bitbudget/core";
import type { ModelValue } from "@bitbudget/runtime";
import { Random } from "../random.ts";

/** Sizes of the dimensions that a model leaves open: batches, which come first or say so, and lengths. */
const OPEN_LENGTH = 256;
const openSize = (symbol: string | null, axis: number) =>
  axis === 0 || /batch/i.test(symbol ?? "") ? 1 : OPEN_LENGTH;

export interface FeedOptions {
  /** Mean and standard deviation of float inputs, default 0 and 1. */
  readonly mean?: number;
  readonly deviation?: number;
  /** Integers are below this: the number of tokens that every vocabulary of the models has. */
  readonly vocabulary?: number;
}

export function randomFeeds(
  inputs: readonly ModelValue[],
  options: FeedOptions = {},
): Record<string, HostTensor> {
  const { mean = 0, deviation = 1, vocabulary = 60 } = options;
  const random = new Random(7);
  return Object.fromEntries(
    inputs.map(({ name, dtype, shape = [] }) => {
      const dims = shape.map((size, axis) => (typeof size === "number" ? size : openSize(size, axis)));
      const count = elementCount(dims);
      if (dtype === "float32") return [name, tensor("float32", dims, random.normal(count, deviation, mean))];
      // The sampling rate of speech models.
      if (name === "sr") return [name, tensor("int64", dims, new BigInt64Array(count).fill(16000n))];
      if (dtype === "int64")
        return [name, tensor("int64", dims, BigInt64Array.from(random.integers(count, vocabulary), BigInt))];
      throw new TypeError(`input ${name} is ${dtype}; the benchmark makes float32 and int64 inputs`);
    }),
  );
}
