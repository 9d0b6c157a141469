// Strips of elements brought from one format to another, by way of float32, int64 or float64: whichever holds both. What a
// format makes of numbers that it does not have is ONNX Cast's rule (docs/numerics.md, "Formats").
import * as code from "../src/codes";
import { fromFloat16, toBfloat16, toFloat16 } from "./float16";

// Widening 16 bytes to four lanes of 32 bits: an index of no byte gives 0.
// @ts-ignore: decorator
@inline
export function bytes0(x: v128): v128 {
  return v128.swizzle(x, i8x16(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1));
}
// @ts-ignore: decorator
@inline
export function bytes1(x: v128): v128 {
  return v128.swizzle(x, i8x16(4, -1, -1, -1, 5, -1, -1, -1, 6, -1, -1, -1, 7, -1, -1, -1));
}
// @ts-ignore: decorator
@inline
export function bytes2(x: v128): v128 {
  return v128.swizzle(x, i8x16(8, -1, -1, -1, 9, -1, -1, -1, 10, -1, -1, -1, 11, -1, -1, -1));
}
// @ts-ignore: decorator
@inline
export function bytes3(x: v128): v128 {
  return v128.swizzle(x, i8x16(12, -1, -1, -1, 13, -1, -1, -1, 14, -1, -1, -1, 15, -1, -1, -1));
}

/** Float32 from elements of a format, rounded once. Up to 15 elements more than `count` are written. */
export function decode(format: i32, from: usize, to: usize, count: i32): void {
  const end = to + (count << 2);
  switch (format) {
    case code.FLOAT16:
      for (; to < end; from += 8, to += 16) v128.store(to, fromFloat16(v128.load16x4_u(from)));
      return;
    case code.BFLOAT16:
      for (; to < end; from += 8, to += 16) v128.store(to, i32x4.shl(v128.load16x4_u(from), 16));
      return;
    case code.BOOL:
    case code.UINT8:
      return decodeBytes(0, 0, from, to, end);
    // A code plus 128 is a byte.
    case code.INT8:
      return decodeBytes(-128, 128, from, to, end);
    case code.UINT16:
      for (; to < end; from += 8, to += 16) v128.store(to, f32x4.convert_i32x4_s(v128.load16x4_u(from)));
      return;
    case code.INT16:
      for (; to < end; from += 8, to += 16) v128.store(to, f32x4.convert_i32x4_s(v128.load16x4_s(from)));
      return;
    case code.UINT32:
      for (; to < end; from += 16, to += 16) v128.store(to, f32x4.convert_i32x4_u(v128.load(from)));
      return;
    case code.INT32:
      for (; to < end; from += 16, to += 16) v128.store(to, f32x4.convert_i32x4_s(v128.load(from)));
      return;
    case code.UINT64:
      for (; to < end; from += 8, to += 4) store<f32>(to, <f32>load<u64>(from));
      return;
    default:
      for (; to < end; from += 8, to += 4) store<f32>(to, <f32>load<i64>(from));
  }
}

// @ts-ignore: decorator
@inline
function decodeBytes(flip: i8, shift: f32, from: usize, to: usize, end: usize): void {
  const offset = f32x4.splat(shift);
  for (; to < end; from += 16, to += 64) {
    const x = v128.xor(v128.load(from), i8x16.splat(flip));
    v128.store(to, f32x4.sub(f32x4.convert_i32x4_s(bytes0(x)), offset));
    v128.store(to, f32x4.sub(f32x4.convert_i32x4_s(bytes1(x)), offset), 16);
    v128.store(to, f32x4.sub(f32x4.convert_i32x4_s(bytes2(x)), offset), 32);
    v128.store(to, f32x4.sub(f32x4.convert_i32x4_s(bytes3(x)), offset), 48);
  }
}

/**
 * Elements of a format from float32: floats round once, integers lose the fraction and saturate. Up to 15 elements more
 * than `count` are written.
 */
export function encode(format: i32, from: usize, to: usize, count: i32): void {
  const end = from + (count << 2);
  switch (format) {
    case code.FLOAT16:
      for (; from < end; from += 32, to += 16)
        v128.store(to, i16x8.narrow_i32x4_u(toFloat16(v128.load(from)), toFloat16(v128.load(from, 16))));
      return;
    case code.BFLOAT16:
      for (; from < end; from += 32, to += 16)
        v128.store(to, i16x8.narrow_i32x4_u(toBfloat16(v128.load(from)), toBfloat16(v128.load(from, 16))));
      return;
    case code.BOOL:
      for (; from < end; from += 64, to += 16) {
        const zero = f32x4.splat(0);
        const low = i16x8.narrow_i32x4_s(f32x4.ne(v128.load(from), zero), f32x4.ne(v128.load(from, 16), zero));
        const high = i16x8.narrow_i32x4_s(f32x4.ne(v128.load(from, 32), zero), f32x4.ne(v128.load(from, 48), zero));
        v128.store(to, v128.and(i8x16.narrow_i16x8_s(low, high), i8x16.splat(1)));
      }
      return;
    case code.UINT8:
      for (; from < end; from += 64, to += 16)
        v128.store(to, i8x16.narrow_i16x8_u(truncated(from), truncated(from + 32)));
      return;
    case code.INT8:
      for (; from < end; from += 64, to += 16)
        v128.store(to, i8x16.narrow_i16x8_s(truncated(from), truncated(from + 32)));
      return;
    case code.UINT16:
      for (; from < end; from += 32, to += 16) {
        const low = i32x4.trunc_sat_f32x4_s(v128.load(from));
        v128.store(to, i16x8.narrow_i32x4_u(low, i32x4.trunc_sat_f32x4_s(v128.load(from, 16))));
      }
      return;
    case code.INT16:
      for (; from < end; from += 32, to += 16) v128.store(to, truncated(from));
      return;
    case code.UINT32:
      for (; from < end; from += 16, to += 16) v128.store(to, i32x4.trunc_sat_f32x4_u(v128.load(from)));
      return;
    case code.INT32:
      for (; from < end; from += 16, to += 16) v128.store(to, i32x4.trunc_sat_f32x4_s(v128.load(from)));
      return;
    case code.UINT64:
      for (; from < end; from += 4, to += 8) store<u64>(to, <u64>load<f32>(from));
      return;
    case code.INT64:
      for (; from < end; from += 4, to += 8) store<i64>(to, <i64>load<f32>(from));
      return;
    default:
      for (; from < end; from += 8, to += 16)
        v128.store(to, f64x2.promote_low_f32x4(v128.load64_zero(from)));
  }
}

/** Eight floats as saturated int16, the fraction dropped. */
// @ts-ignore: decorator
@inline
function truncated(from: usize): v128 {
  return i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(v128.load(from)), i32x4.trunc_sat_f32x4_s(v128.load(from, 16)));
}

/** Int64, or the bits of uint64, from elements of a format of integers. */
export function decodeInteger(format: i32, from: usize, to: usize, count: i32): void {
  switch (format) {
    case code.INT8: return widen<i8>(from, to, count);
    case code.INT16: return widen<i16>(from, to, count);
    case code.UINT16: return widen<u16>(from, to, count);
    case code.INT32: return widen<i32>(from, to, count);
    case code.UINT32: return widen<u32>(from, to, count);
    case code.UINT8:
    case code.BOOL: return widen<u8>(from, to, count);
    default: return widen<i64>(from, to, count);
  }
}

function widen<T extends number>(from: usize, to: usize, count: i32): void {
  for (const end = to + (count << 3); to < end; from += sizeof<T>(), to += 8) store<i64>(to, <i64>load<T>(from));
}

/** The low bits of int64. */
export function encodeInteger(format: i32, from: usize, to: usize, count: i32): void {
  const end = from + (count << 3);
  switch (format) {
    case code.INT8:
    case code.UINT8:
      for (; from < end; from += 8, to++) store<u8>(to, load<u8>(from));
      return;
    case code.INT16:
    case code.UINT16:
      for (; from < end; from += 8, to += 2) store<u16>(to, load<u16>(from));
      return;
    case code.INT32:
    case code.UINT32:
      for (; from < end; from += 8, to += 4) store<u32>(to, load<u32>(from));
      return;
    case code.BOOL:
      for (; from < end; from += 8, to++) store<u8>(to, <u8>(load<u64>(from) != 0));
      return;
    default:
      for (; from < end; from += 8, to += 8) store<u64>(to, load<u64>(from));
  }
}

/**
 * Float64 from integers. `odd`: bits that it has no room for leave a 1 behind, so that rounding it once more gives what
 * rounding the integer once does (Boldo and Melquiond, 2008).
 */
export function decodeDouble(format: i32, odd: bool, from: usize, to: usize, count: i32): void {
  const end = to + (count << 3);
  switch (format) {
    case code.INT32:
      for (; to < end; from += 4, to += 8) store<f64>(to, <f64>load<i32>(from));
      return;
    case code.UINT32:
      for (; to < end; from += 4, to += 8) store<f64>(to, <f64>load<u32>(from));
      return;
    case code.INT64:
      for (; to < end; from += 8, to += 8) {
        const x = load<i64>(from);
        if (!odd) store<f64>(to, <f64>x);
        else store<f64>(to, x < 0 ? -<f64>sticky(<u64>(0 - x)) : <f64>sticky(<u64>x));
      }
      return;
    default:
      for (; to < end; from += 8, to += 8) store<f64>(to, <f64>(odd ? sticky(load<u64>(from)) : load<u64>(from)));
  }
}

function sticky(x: u64): u64 {
  if (x < 1 << 53) return x;
  const rest = x & 0xfff;
  return x - rest + (rest == 0 ? 0 : 0x800);
}

/** Elements of a format from float64, as `encode` has it; codes of less than a byte in one byte each. */
export function encodeDouble(format: i32, from: usize, to: usize, count: i32): void {
  for (const end = from + (count << 3); from < end; from += 8) {
    const x = load<f64>(from);
    switch (format) {
      case code.FLOAT32: store<f32>(to, <f32>x); to += 4; break;
      case code.FLOAT16: store<u16>(to, <u16>i32x4.extract_lane(toFloat16(f32x4.splat(oddFloat32(x))), 0)); to += 2; break;
      case code.BFLOAT16: store<u16>(to, <u16>i32x4.extract_lane(toBfloat16(f32x4.splat(oddFloat32(x))), 0)); to += 2; break;
      case code.BOOL: store<u8>(to, <u8>(x != 0)); to++; break;
      case code.INT8: store<i8>(to, <i8>max(-128, min(127, <i32>x))); to++; break;
      case code.UINT8: store<u8>(to, <u8>max(0, min(255, <i32>x))); to++; break;
      case code.INT4: store<i8>(to, <i8>max(-8, min(7, <i32>x))); to++; break;
      case code.UINT4: store<u8>(to, <u8>max(0, min(15, <i32>x))); to++; break;
      case code.INT2: store<i8>(to, <i8>max(-2, min(1, <i32>x))); to++; break;
      case code.UINT2: store<u8>(to, <u8>max(0, min(3, <i32>x))); to++; break;
      case code.INT16: store<i16>(to, <i16>max(-32768, min(32767, <i32>x))); to += 2; break;
      case code.UINT16: store<u16>(to, <u16>max(0, min(65535, <i32>x))); to += 2; break;
      case code.INT32: store<i32>(to, <i32>x); to += 4; break;
      case code.UINT32: store<u32>(to, <u32>x); to += 4; break;
      case code.INT64: store<i64>(to, <i64>x); to += 8; break;
      case code.UINT64: store<u64>(to, <u64>x); to += 8; break;
      default: store<f64>(to, x); to += 8;
    }
  }
}

/** Rounded to odd: towards zero, and what was lost leaves a 1 in the last place. */
function oddFloat32(x: f64): f32 {
  const y = <f32>x;
  if (<f64>y == x || x != x) return y;
  let bits = reinterpret<u32>(y);
  if (abs(<f64>y) > abs(x)) bits--;
  return reinterpret<f32>(bits | 1);
}
