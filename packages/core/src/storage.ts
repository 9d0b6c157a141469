/** The arrays that hold codes: one type for each format, packed below 8 bits. */
import { arrayName, checkLength, checkRoom } from "./checks.ts";
import { type DType, dtypeInfo } from "./dtypes.ts";
import { ArgumentError } from "./errors.ts";

/** Array that holds the codes of each format. Formats under 8 bits are packed, the first element in the low bits. */
export interface StorageOf {
  float64: Float64Array;
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  float8_e4m3fn: Uint8Array;
  float8_e5m2: Uint8Array;
  float8_e4m3fnuz: Uint8Array;
  float8_e5m2fnuz: Uint8Array;
  float4_e2m1: Uint8Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int4: Uint8Array;
  uint4: Uint8Array;
  int2: Uint8Array;
  uint2: Uint8Array;
  bool: Uint8Array;
}

export type Storage<D extends DType = DType> = StorageOf[D];

/**
 * One code. For float64, float32 and the integers the number itself (64-bit integers as bigint; int4 from -8 to 7); for the
 * narrower floats its bits as an unsigned integer.
 */
export type Code<D extends DType = DType> = StorageOf[D][number];

type StorageType = new (length: number) => Storage;

function storageType(dtype: DType): StorageType {
  const info = dtypeInfo(dtype);
  const { bits } = info;
  const signed = info.kind === "integer" && info.signed;
  if (info.kind === "float" && bits >= 32) return bits === 64 ? Float64Array : Float32Array;
  if (bits === 64) return signed ? BigInt64Array : BigUint64Array;
  if (bits === 32) return signed ? Int32Array : Uint32Array;
  if (bits === 16) return signed ? Int16Array : Uint16Array;
  return signed && bits === 8 ? Int8Array : Uint8Array;
}

/** Elements of the storage array that holds `length` codes: fewer than `length` where several share a byte. */
export function storageLength(dtype: DType, length: number): number {
  return Math.ceil(length / Math.max(1, 8 / dtypeInfo(dtype).bits));
}

/** Storage for `length` codes, all 0. */
export function allocateStorage<D extends DType>(dtype: D, length: number): Storage<D> {
  checkLength(length);
  return new (storageType(dtype))(storageLength(dtype, length)) as Storage<D>;
}

/** Whether an array is of the type that holds the codes of a format; an array of another realm (an iframe's) is too. */
export function isStorage<D extends DType>(dtype: D, array: object): array is Storage<D> {
  return arrayName(array) === storageType(dtype).name;
}

/** Throws ArgumentError or ShapeError unless an array is of a format's type and long enough for `length` codes. */
export function checkStorage(name: string, dtype: DType, array: Storage, length: number): void {
  if (!isStorage(dtype, array)) {
    const expected = storageType(dtype).name;
    throw new ArgumentError(`"${name}" is a ${arrayName(array)}; codes of ${dtype} are in a ${expected}`);
  }
  checkRoom(name, array.length, storageLength(dtype, length));
}
