/** Whole arrays of numbers and their codes, at the speed of memory for the common formats. */
import { checkLength, checkRoom } from "./checks.ts";
import { type Encodable, type EncodeOptions, encode } from "./codec.ts";
import { type DType, type DTypeInfo, dtypeInfo } from "./dtypes.ts";
import { decodeFloats, encode8, encode16, roundToOdd } from "./float-blocks.ts";
import { type Codes, pack, unpack } from "./packing.ts";
import { allocateStorage, checkStorage, type Storage } from "./storage.ts";

/** Formats whose values do not fit a float32. */
type Wide = "float64" | "int64" | "uint64" | "int32" | "uint32";

/** Array of a format's values. */
export type Values<D extends DType = DType> = D extends Wide ? Float64Array : Float32Array;

/** Numbers in an array, or in a typed array of whatever type. */
export interface Numbers<T extends number | bigint = number> extends ArrayLike<T> {
  slice(start: number, end: number): ArrayLike<T>;
  subarray?(start: number, end: number): ArrayLike<T>;
}

type NumberStorage = Exclude<Storage, BigInt64Array | BigUint64Array>;

/**
 * Elements worked on at a time, so that what is between the passes stays in the first-level cache. Whole bytes of
 * packed codes.
 */
const BLOCK = 2048;

/** 1.5 * 2^52: added to an integer format's value it leaves no room for a fraction, so the addition itself rounds. */
const INTEGERS_ONLY = 6755399441055744;

/**
 * Codes of an array of numbers, as `encode` gives them, packed where the format is narrower than a byte. `out`, if
 * given, takes them from its start on; ShapeError if it is too short.
 */
export function encodeArray<D extends DType>(
  dtype: D,
  values: Numbers<Encodable<D>>,
  out: Storage<D> = allocateStorage(dtype, values.length),
  options: EncodeOptions = {},
): Storage<D> {
  checkStorage("out", dtype, out, values.length);
  const info = dtypeInfo(dtype);
  if (holdsBigInts(info)) {
    for (let i = 0; i < values.length; i++) out[i] = encode(dtype, values[i]!);
  } else {
    encodeBlocks(info, values as Numbers, out as NumberStorage, options.saturate ?? true);
  }
  return out;
}

function encodeBlocks(info: DTypeInfo, values: Numbers, out: NumberStorage, saturate: boolean): void {
  const { bits } = info;
  const { length } = values;
  const isFloat = info.kind === "float";
  if (isFloat && (bits === 64 || (bits === 32 && values instanceof Float32Array))) {
    out.set(values);
    return;
  }

  const size = Math.min(BLOCK, length);
  const doubles = new Float64Array(size);
  const floats = new Float32Array(size);
  const unpacked = info.kind === "integer" && info.signed ? new Int8Array(size) : new Uint8Array(size);
  for (let start = 0; start < length; start += BLOCK) {
    const count = Math.min(BLOCK, length - start);
    const part = values.subarray?.(start, start + count) ?? values.slice(start, start + count);
    const codes = bits < 8 ? unpacked.subarray(0, count) : out.subarray(start, start + count);
    if (isFloat && bits < 32) {
      const numbers = part instanceof Float32Array ? part : floats.subarray(0, count);
      if (numbers !== part) {
        doubles.set(part);
        roundToOdd(doubles.subarray(0, count), numbers);
      }
      if (bits === 16) encode16(info, saturate, numbers, codes as Uint16Array);
      else encode8(info, saturate, numbers, codes as Uint8Array);
    } else {
      const numbers = doubles.subarray(0, count);
      numbers.set(part);
      clampBlock(info, numbers, saturate);
      codes.set(numbers);
    }
    if (bits < 8) pack(codes as Codes, bits, out.subarray((start * bits) / 8) as Uint8Array);
  }
}

/** Numbers as the nearest of float32, the integers or `bool` takes them from a store: NaN is left to the store. */
function clampBlock(info: DTypeInfo, block: Float64Array, saturate: boolean): void {
  const { kind, min, max } = info;
  if (kind === "integer") {
    for (let i = 0; i < block.length; i++) {
      block[i] = Math.max(min, Math.min(max, block[i]!)) + INTEGERS_ONLY - INTEGERS_ONLY;
    }
  } else if (kind === "bool") {
    for (let i = 0; i < block.length; i++) block[i] = Number(block[i] !== 0);
  } else if (saturate) {
    for (let i = 0; i < block.length; i++) {
      const x = block[i]!;
      if (Math.abs(x) !== Infinity) block[i] = Math.max(min, Math.min(max, x));
    }
  }
}

/**
 * Values of the first `length` codes of `data`, as `decode` gives them. `out`, if given, takes them from its start on;
 * ShapeError if one of the arrays is too short.
 */
export function decodeArray<D extends DType>(
  dtype: D,
  data: Storage<D>,
  length: number,
  out: Values<D> = allocateValues(dtype, length),
): Values<D> {
  checkLength(length);
  checkStorage("data", dtype, data, length);
  checkRoom("out", out.length, length);
  decodeBlocks(dtype, data, length, out);
  return out;
}

function decodeBlocks(dtype: DType, data: Storage, length: number, out: Values): void {
  const info = dtypeInfo(dtype);
  const { bits } = info;
  if (holdsBigInts(info)) {
    for (let i = 0; i < length; i++) out[i] = Number(data[i]);
  } else if (bits < 8) {
    for (let start = 0; start < length; start += BLOCK) {
      const packed = data.subarray((start * bits) / 8) as Uint8Array;
      decodeCodes(info, unpack(dtype, packed, Math.min(BLOCK, length - start)), out.subarray(start));
    }
  } else {
    decodeCodes(info, data.subarray(0, length) as NumberStorage, out);
  }
}

function holdsBigInts({ kind, bits }: DTypeInfo): boolean {
  return kind === "integer" && bits === 64;
}

function decodeCodes(info: DTypeInfo, codes: NumberStorage, out: Values): void {
  if (info.kind === "float" && info.bits < 32) decodeFloats(info, codes as Uint8Array | Uint16Array, out);
  else out.set(codes);
}

function allocateValues<D extends DType>(dtype: D, length: number): Values<D> {
  checkLength(length);
  const { kind, bits } = dtypeInfo(dtype);
  return new (bits === 64 || (kind === "integer" && bits === 32) ? Float64Array : Float32Array)(
    length,
  ) as Values<D>;
}

/** Nearest values of a format: `decodeArray` of `encodeArray`. */
export function roundArray<D extends DType>(
  dtype: D,
  values: Numbers<Encodable<D>>,
  out?: Values<D>,
  options?: EncodeOptions,
): Values<D> {
  return decodeArray(dtype, encodeArray(dtype, values, undefined, options), values.length, out);
}
