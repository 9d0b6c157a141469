/**
 * Ops that move elements and compute nothing see them as words: unsigned integers of the elements' width, so that every
 * format moves bit by bit, NaN payloads and all. An element of 64 bits is a pair of words, that is an axis of length 2.
 */
import { type DType, dtypes, encodeArray, type Storage, strides, type TensorType } from "@bitbudget/core";

export type Words = Uint8Array | Uint16Array | Uint32Array;

/** The same memory as words. */
export function wordsOf({ buffer, byteOffset, byteLength }: Storage, dtype: DType): Words {
  const { bits } = dtypes[dtype];
  if (bits === 8) return new Uint8Array(buffer, byteOffset, byteLength);
  if (bits === 16) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

/** The shape in words. */
export function wordShape({ dtype, shape }: TensorType): readonly number[] {
  return dtypes[dtype].bits === 64 ? [...shape, 2] : shape;
}

/** Sets all elements to a number, encoded and saturated. */
export function fill(words: Words, value: number, dtype: DType): void {
  const [low = 0, high = low] = wordsOf(encodeArray(dtype, [value]), dtype);
  for (let i = 0; i < words.length; i++) words[i] = i % 2 === 0 ? low : high;
}

/** In a table of offsets: there is no such element, and nothing is copied. */
export const NOWHERE = -1;

/** For each axis of a tensor in words, the offset of each of its positions: that times the stride. */
export function offsetsOf(type: TensorType): number[][] {
  const shape = wordShape(type);
  const steps = strides(shape);
  return shape.map((length, axis) => Array.from({ length }, (_, i) => i * steps[axis]!));
}

/**
 * Copies to every position [i, j, ...] of `out`, row by row, the word at tables[0][i] + tables[1][j] + ... of `from`: a
 * table for each axis says where its elements come from.
 */
export function pick(out: Words, from: Words, tables: readonly (readonly number[])[]): void {
  const row = tables.at(-1) ?? [0];
  const outer = tables.slice(0, -1);
  const sizes = outer.map((_, axis) => tables.slice(axis + 1).reduce((size, { length }) => size * length, 1));
  let position = 0;
  const walk = (axis: number, start: number): void => {
    const table = outer[axis];
    if (table === undefined) {
      for (let i = 0; i < row.length; i++, position++)
        if (row[i] !== NOWHERE) out[position] = from[start + row[i]!]!;
      return;
    }
    for (const offset of table)
      if (offset === NOWHERE) position += sizes[axis]!;
      else walk(axis + 1, start + offset);
  };
  walk(0, 0);
}
