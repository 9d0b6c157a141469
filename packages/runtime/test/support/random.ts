/** Seeded random tensors, so that a test fails or passes everywhere alike. */
import { elementCount, type HostTensor, tensor } from "@bitbudget/core";

/** Uniform numbers in [0, 1): mulberry32. */
export function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** float32 from -bound to bound. */
export function randomFloats(shape: readonly number[], seed: number, bound = 1): HostTensor<"float32"> {
  const next = uniform(seed);
  const data = new Float32Array(elementCount(shape)).map(() => (2 * next() - 1) * bound);
  return tensor("float32", shape, data);
}

/** Integers from `low` to below `high`. */
export function randomIntegers<D extends "int64" | "int32" | "int8" | "uint8">(
  dtype: D,
  shape: readonly number[],
  seed: number,
  low: number,
  high: number,
): HostTensor<D> {
  const next = uniform(seed);
  const values = Array.from({ length: elementCount(shape) }, () => low + Math.floor(next() * (high - low)));
  return tensor(dtype, shape, values);
}
