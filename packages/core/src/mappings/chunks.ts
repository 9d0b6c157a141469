/** Codes on their way to and from storage, a chunk at a time: what passes between two loops stays in the cache. */
import { decodeArray } from "../arrays.ts";
import { type DType, dtypes } from "../dtypes.ts";
import { pack } from "../packing.ts";
import type { Storage } from "../storage.ts";

/** Elements of a chunk; whole bytes of packed codes. */
export const CHUNK = 4096;

/** Calls `visit` for each chunk of `length` elements. */
export function forEachChunk(length: number, visit: (start: number, end: number) => void): void {
  for (let start = 0; start < length; start += CHUNK) visit(start, Math.min(start + CHUNK, length));
}

/** Writer of integer codes: the first `length` of `codes`, from element `start` of `out` on. */
export function codeWriter(
  dtype: DType,
  out: Storage,
): (codes: Int32Array, length: number, start: number) => void {
  const { bits, min } = dtypes[dtype];
  const storage = out as Uint8Array;
  if (bits >= 8) return (codes, length, start) => storage.set(codes.subarray(0, length), start);
  const bytes = new (min < 0 ? Int8Array : Uint8Array)(CHUNK);
  return (codes, length, start) => {
    bytes.set(codes.subarray(0, length));
    pack(bytes.subarray(0, length), bits, storage.subarray((start * bits) / 8));
  };
}

/** Reader of codes as float32: floats are decoded, integers are themselves, rounded if they have 32 bits. */
export function codeReader(
  dtype: DType,
  codes: Storage,
): (values: Float32Array, length: number, start: number) => void {
  const { bits } = dtypes[dtype];
  const storage = codes as Uint8Array;
  return (values, length, start) => {
    const part = storage.subarray((start * Math.min(bits, 8)) / 8);
    if (bits === 32) values.set(part.subarray(0, length));
    else decodeArray(dtype, part, length, values);
  };
}
