/**
 * Elements that move and are not computed with: unsigned words of their width, so that every format moves bit by bit. An
 * element of 64 bits is two words; one of less than a byte has a byte of its own while it moves.
 */
import {
  allocateStorage,
  type DType,
  dtypes,
  elementCount,
  type HostTensor,
  pack,
  type Storage,
  unpack,
} from "@bitbudget/core";

type Words = Uint8Array | Uint16Array | Uint32Array;

/** In a list of positions: no element. */
export const NOWHERE = -1;

/**
 * A tensor whose element i is element `positions[i]` of `from`.
 * @param filling what stands where the position is NOWHERE, a tensor of one element; default zeros
 */
export function pick(
  from: HostTensor,
  shape: readonly number[],
  positions: ArrayLike<number>,
  filling?: HostTensor,
): HostTensor {
  const { dtype } = from;
  const width = wordsPerElement(dtype);
  const source = wordsOf(from);
  const fill = filling === undefined ? undefined : wordsOf(filling);
  const out = newWords(dtype, elementCount(shape));
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i]!;
    for (let k = 0; k < width; k++)
      out[i * width + k] = position === NOWHERE ? (fill?.[k] ?? 0) : source[position * width + k]!;
  }
  return fromWords(dtype, shape, out);
}

/** A copy of `base` in which element `positions[i]` is element i of `updates`; of equal positions the last one wins. */
export function put(base: HostTensor, positions: ArrayLike<number>, updates: HostTensor): HostTensor {
  const width = wordsPerElement(base.dtype);
  const out = wordsOf(base).slice();
  const source = wordsOf(updates);
  for (let i = 0; i < positions.length; i++)
    for (let k = 0; k < width; k++) out[positions[i]! * width + k] = source[i * width + k]!;
  return fromWords(base.dtype, base.shape, out);
}

/** A tensor whose bits are all 0, which is the number 0 in every format. */
export function zeros(dtype: DType, shape: readonly number[]): HostTensor {
  return { dtype, shape, data: allocateStorage(dtype, elementCount(shape)) };
}

/** The elements with the bits of another format of the same width. */
export function reinterpret({ shape, data }: HostTensor, dtype: DType): HostTensor {
  const copy = allocateStorage(dtype, elementCount(shape));
  new Uint8Array(copy.buffer).set(new Uint8Array(data.buffer, data.byteOffset, copy.byteLength));
  return { dtype, shape, data: copy };
}

/**
 * Positions that a tensor is read at, row by row: `start` plus, for each axis, index times step. Reading with the steps of
 * another order of axes transposes, with a step of 0 it repeats.
 */
export function affinePositions(
  shape: readonly number[],
  steps: readonly number[],
  start = 0,
): Int32Array<ArrayBuffer> {
  const positions = new Int32Array(elementCount(shape));
  let at = 0;
  const walk = (axis: number, from: number): void => {
    const length = shape[axis];
    if (length === undefined) {
      positions[at++] = from;
      return;
    }
    for (let i = 0; i < length; i++) walk(axis + 1, from + i * (steps[axis] ?? 0));
  };
  walk(0, start);
  return positions;
}

function wordsPerElement(dtype: DType): number {
  return dtypes[dtype].bits === 64 ? 2 : 1;
}

function wordsOf({ dtype, shape, data }: HostTensor): Words {
  const { bits } = dtypes[dtype];
  if (bits < 8) {
    const codes = unpack(dtype, bytesOf(data), elementCount(shape));
    return new Uint8Array(codes.buffer, codes.byteOffset, codes.length);
  }
  const { buffer, byteOffset, byteLength } = data;
  if (bits === 8) return new Uint8Array(buffer, byteOffset, byteLength);
  if (bits === 16) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

function newWords(dtype: DType, count: number): Words {
  const { bits } = dtypes[dtype];
  if (bits <= 8) return new Uint8Array(count);
  return bits === 16 ? new Uint16Array(count) : new Uint32Array(count * wordsPerElement(dtype));
}

function fromWords(dtype: DType, shape: readonly number[], words: Words): HostTensor {
  const info = dtypes[dtype];
  const data = allocateStorage(dtype, elementCount(shape));
  if (info.bits < 8) {
    const signed = info.kind === "integer" && info.signed;
    const codes = signed
      ? new Int8Array(words.buffer, words.byteOffset, words.length)
      : new Uint8Array(words.buffer, words.byteOffset, words.length);
    pack(codes, info.bits, bytesOf(data));
  } else {
    bytesOf(data).set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  }
  return { dtype, shape, data };
}

function bytesOf({ buffer, byteOffset, byteLength }: Storage): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
