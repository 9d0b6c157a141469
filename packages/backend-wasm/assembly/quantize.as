// Numbers to codes and back (docs/numerics.md, "quantize, dequantize, requantize"). Scales and zero points are strips like any
// other, or one vector of four equal numbers where their step is 0.
import * as code from "../src/codes";
import { bytes0, bytes1, bytes2, bytes3 } from "./formats";

/** Adding it to a number below 2^22 leaves its nearest integer, ties to even, in the low bits. */
const MAGIC: f32 = 12582912;
const MAGIC_BITS: i32 = 0x4b400000;

/**
 * Codes from `min` to `max` of float32 numbers, in bytes or 16 bits as `format` says; formats of less than a byte take
 * one. Zero points are numbers too. Up to 15 codes more than `count` are written.
 */
export function quantizeStrip(format: i32, min: f32, max: f32, x: usize, scale: usize, scaleStep: i32, zeroPoint: usize, zeroPointStep: i32, to: usize, count: i32): void {
  const low = f32x4.splat(min);
  const high = f32x4.splat(max);
  const s: usize = <usize>scaleStep << 4;
  const z: usize = <usize>zeroPointStep << 4;
  const end = x + (count << 2);
  if (format == code.INT16 || format == code.UINT16) {
    for (; x < end; x += 32, scale += 2 * s, zeroPoint += 2 * z, to += 16) {
      const a = quantize4(v128.load(x), v128.load(scale), v128.load(zeroPoint), low, high);
      const b = quantize4(v128.load(x, 16), v128.load(scale + s), v128.load(zeroPoint + z), low, high);
      v128.store(to, format == code.INT16 ? i16x8.narrow_i32x4_s(a, b) : i16x8.narrow_i32x4_u(a, b));
    }
    return;
  }
  // Both kinds of bytes differ by 128 from codes that a signed byte holds.
  const flip = i8x16.splat(min < 0 ? 0 : -128);
  const shift = i32x4.splat(min < 0 ? 0 : 128);
  if (s == 0 && z == 0) {
    const divisor = v128.load(scale);
    const point = v128.load(zeroPoint);
    const least = f32x4.sub(low, point);
    const most = f32x4.sub(high, point);
    const offset = i32x4.sub(i32x4.trunc_sat_f32x4_s(point), i32x4.add(i32x4.splat(MAGIC_BITS), shift));
    for (; x < end; x += 64, to += 16) {
      const a = i32x4.add(steps4(v128.load(x), divisor, least, most), offset);
      const b = i32x4.add(steps4(v128.load(x, 16), divisor, least, most), offset);
      const c = i32x4.add(steps4(v128.load(x, 32), divisor, least, most), offset);
      const d = i32x4.add(steps4(v128.load(x, 48), divisor, least, most), offset);
      v128.store(to, v128.xor(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)), flip));
    }
    return;
  }
  for (; x < end; x += 64, scale += 4 * s, zeroPoint += 4 * z, to += 16) {
    const a = i32x4.sub(quantize4(v128.load(x), v128.load(scale), v128.load(zeroPoint), low, high), shift);
    const b = i32x4.sub(quantize4(v128.load(x, 16), v128.load(scale + s), v128.load(zeroPoint + z), low, high), shift);
    const c = i32x4.sub(quantize4(v128.load(x, 32), v128.load(scale + 2 * s), v128.load(zeroPoint + 2 * z), low, high), shift);
    const d = i32x4.sub(quantize4(v128.load(x, 48), v128.load(scale + 3 * s), v128.load(zeroPoint + 3 * z), low, high), shift);
    v128.store(to, v128.xor(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)), flip));
  }
}

/** The quotient, held between two numbers, rounded: an integer plus MAGIC_BITS. NaN stands for 0. */
// @ts-ignore: decorator
@inline
function steps4(x: v128, scale: v128, least: v128, most: v128): v128 {
  const steps = f32x4.div(x, scale);
  const known = v128.and(steps, f32x4.eq(steps, steps));
  return f32x4.add(f32x4.pmin(f32x4.pmax(known, least), most), f32x4.splat(MAGIC));
}

// @ts-ignore: decorator
@inline
function quantize4(x: v128, scale: v128, zeroPoint: v128, low: v128, high: v128): v128 {
  const steps = steps4(x, scale, f32x4.sub(low, zeroPoint), f32x4.sub(high, zeroPoint));
  const point = f32x4.add(zeroPoint, f32x4.splat(MAGIC));
  return i32x4.sub(i32x4.add(steps, point), i32x4.splat(2 * MAGIC_BITS));
}

/**
 * Float32 numbers from codes: fround(code - zeroPoint) * scale. Zero points are float32, of int32 codes int32. Up to 15
 * numbers more than `count` are written.
 */
export function dequantizeStrip(format: i32, x: usize, scale: usize, scaleStep: i32, zeroPoint: usize, zeroPointStep: i32, to: usize, count: i32): void {
  const s: usize = <usize>scaleStep << 4;
  const z: usize = <usize>zeroPointStep << 4;
  const end = to + (count << 2);
  switch (format) {
    case code.UINT8: return dequantizeBytes(0, 0, x, scale, s, zeroPoint, z, to, end);
    case code.INT8: return dequantizeBytes(-128, 128, x, scale, s, zeroPoint, z, to, end);
    case code.INT16:
      for (; to < end; x += 8, scale += s, zeroPoint += z, to += 16)
        v128.store(to, dequantize4(v128.load16x4_s(x), v128.load(scale), v128.load(zeroPoint)));
      return;
    case code.UINT16:
      for (; to < end; x += 8, scale += s, zeroPoint += z, to += 16)
        v128.store(to, dequantize4(v128.load16x4_u(x), v128.load(scale), v128.load(zeroPoint)));
      return;
    default:
      for (; to < end; x += 16, scale += s, zeroPoint += z, to += 16) {
        const difference = subtract(v128.load(x), v128.load(zeroPoint));
        v128.store(to, f32x4.mul(difference, v128.load(scale)));
      }
  }
}

/** flip: what makes a byte of a code, which is then `shift` too large. */
// @ts-ignore: decorator
@inline
function dequantizeBytes(flip: i8, shift: f32, x: usize, scale: usize, s: usize, zeroPoint: usize, z: usize, to: usize, end: usize): void {
  const sign = i8x16.splat(flip);
  if (s == 0 && z == 0) {
    const factor = v128.load(scale);
    const point = f32x4.add(v128.load(zeroPoint), f32x4.splat(shift));
    for (; to < end; x += 16, to += 64) {
      const codes = v128.xor(v128.load(x), sign);
      v128.store(to, dequantize4(bytes0(codes), factor, point));
      v128.store(to, dequantize4(bytes1(codes), factor, point), 16);
      v128.store(to, dequantize4(bytes2(codes), factor, point), 32);
      v128.store(to, dequantize4(bytes3(codes), factor, point), 48);
    }
    return;
  }
  const offset = f32x4.splat(shift);
  for (; to < end; x += 16, scale += 4 * s, zeroPoint += 4 * z, to += 64) {
    const codes = v128.xor(v128.load(x), sign);
    v128.store(to, dequantize4(bytes0(codes), v128.load(scale), f32x4.add(v128.load(zeroPoint), offset)));
    v128.store(to, dequantize4(bytes1(codes), v128.load(scale + s), f32x4.add(v128.load(zeroPoint + z), offset)), 16);
    v128.store(to, dequantize4(bytes2(codes), v128.load(scale + 2 * s), f32x4.add(v128.load(zeroPoint + 2 * z), offset)), 32);
    v128.store(to, dequantize4(bytes3(codes), v128.load(scale + 3 * s), f32x4.add(v128.load(zeroPoint + 3 * z), offset)), 48);
  }
}

// @ts-ignore: decorator
@inline
function dequantize4(codes: v128, scale: v128, zeroPoint: v128): v128 {
  return f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(codes), zeroPoint), scale);
}

/** fround(a - b) of int32: the difference has 33 bits. */
// @ts-ignore: decorator
@inline
function subtract(a: v128, b: v128): v128 {
  const low = f64x2.sub(f64x2.convert_low_i32x4_s(a), f64x2.convert_low_i32x4_s(b));
  const aHigh = v128.shuffle<i32>(a, a, 2, 3, 2, 3);
  const bHigh = v128.shuffle<i32>(b, b, 2, 3, 2, 3);
  const high = f64x2.sub(f64x2.convert_low_i32x4_s(aHigh), f64x2.convert_low_i32x4_s(bHigh));
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}
