/** One number and its code, in any format. `encodeArray` and `decodeArray` do the same to whole arrays, faster. */
import { type DType, type DTypeInfo, dtypeInfo, type IntegerType } from "./dtypes.ts";
import { CodeError } from "./errors.ts";
import { decodeFloat, encodeFloat } from "./float-codes.ts";
import { roundHalfEven } from "./rounding.ts";
import type { Code } from "./storage.ts";

export interface EncodeOptions {
  /**
   * Whether finite numbers beyond the range become the largest finite value (the default) or, in float formats, infinity or
   * NaN: ONNX `Cast`'s attribute of that name. `FloatType` has the table; integers and float4_e2m1 always saturate.
   */
  readonly saturate?: boolean;
}

/** A number that a format takes: 64-bit integers take a bigint, too. */
export type Encodable<D extends DType = DType> = D extends "int64" | "uint64" ? number | bigint : number;

/**
 * Code of the value nearest to a number, ties to even, in one rounding from the double. Saturation, NaN and infinity:
 * see `FloatType` and `IntegerType`.
 */
export function encode<D extends DType>(dtype: D, x: Encodable<D>, options: EncodeOptions = {}): Code<D> {
  return encodeAny(dtypeInfo(dtype), x, options.saturate ?? true) as Code<D>;
}

function encodeAny(info: DTypeInfo, x: number | bigint, saturate: boolean): number | bigint {
  const value = Number(x);
  if (info.kind !== "float") {
    if (info.kind === "bool") return value === 0 ? 0 : 1;
    return info.bits === 64 ? encode64(info, x) : clampInteger(info, value);
  }
  if (info.bits < 32) return encodeFloat(info, value, saturate);
  if (info.bits === 64) return value;
  return Math.fround(saturate && Number.isFinite(value) ? clamp(value, info.min, info.max) : value);
}

function clamp(x: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, x));
}

function clampInteger({ min, max }: IntegerType, x: number): number {
  // + 0 turns -0 into 0.
  return Number.isNaN(x) ? 0 : roundHalfEven(clamp(x, min, max)) + 0;
}

function encode64(info: IntegerType, x: number | bigint): bigint {
  const min = BigInt(info.min);
  // The row has 2^63 and 2^64 for the largest, the nearest doubles.
  const max = BigInt(info.max) - 1n;
  const integer = typeof x === "bigint" ? x : BigInt(clampInteger(info, x));
  return integer < min ? min : integer > max ? max : integer;
}

/**
 * Value of a code; 64-bit integers as the nearest double. Throws CodeError for what is no code of the format, such as 8 for int4
 * or 1.5 for float16.
 */
export function decode<D extends DType>(dtype: D, code: Code<D>): number {
  const info = dtypeInfo(dtype);
  const value = Number(code);
  const isFloat = info.kind === "float";
  if (isFloat && info.bits >= 32) return value;
  const min = isFloat ? 0 : info.min;
  const max = isFloat ? 2 ** info.bits - 1 : info.max;
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new CodeError(value, dtype, 0, `use an integer from ${min} to ${max}`);
  }
  return isFloat ? decodeFloat(info, value) : value;
}

/** Nearest value of a format: `decode` of `encode`. */
export function round<D extends DType>(dtype: D, x: Encodable<D>, options?: EncodeOptions): number {
  return decode(dtype, encode(dtype, x, options));
}
