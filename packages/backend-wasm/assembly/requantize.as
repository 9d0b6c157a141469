// Int32 sums to 8-bit codes: sat(round(fround(fround(sum) * multiplier)) + zero point), between two codes.

/** 1.5 * 2^23: adding it to a number below 2^22 leaves its nearest integer, ties to even, in the low bits. */
const MAGIC: f32 = 12582912;
const MAGIC_BITS: i32 = 0x4b400000;

/**
 * Codes of four sums as int32. Multipliers are finite (src/weighted/requantization.ts), so nothing is NaN. low and
 * high: the two codes less the zero point. offset: `codeOffset(zeroPoint)`.
 */
// @ts-ignore: decorator
@inline
export function requantize4(sums: v128, multipliers: v128, low: v128, high: v128, offset: v128): v128 {
  const steps = f32x4.mul(f32x4.convert_i32x4_s(sums), multipliers);
  const inside = f32x4.pmin(f32x4.pmax(steps, low), high);
  return i32x4.add(f32x4.add(inside, f32x4.splat(MAGIC)), offset);
}

/** What turns the bits that MAGIC leaves into a code. */
// @ts-ignore: decorator
@inline
export function codeOffset(zeroPoint: i32): v128 {
  return i32x4.splat(zeroPoint - MAGIC_BITS);
}

/** Sixteen codes as bytes: codes are in the range of their format already, so `signed` only says which that is. */
// @ts-ignore: decorator
@inline
export function narrow16(a: v128, b: v128, c: v128, d: v128, signed: i32): v128 {
  const low = i16x8.narrow_i32x4_s(a, b);
  const high = i16x8.narrow_i32x4_s(c, d);
  return signed ? i8x16.narrow_i16x8_s(low, high) : i8x16.narrow_i16x8_u(low, high);
}

/**
 * The same for tiles, in fewer steps: codes less the lowest of their format, not yet clamped from above. offset: the zero point
 * less that lowest code and MAGIC_BITS. Above 2^22 steps the bits are no integer, but they grow, and that is enough.
 */
// @ts-ignore: decorator
@inline
export function steps4(sums: v128, multipliers: v128, low: v128, offset: v128): v128 {
  const steps = f32x4.pmax(f32x4.mul(f32x4.convert_i32x4_s(sums), multipliers), low);
  return i32x4.add(f32x4.add(steps, f32x4.splat(MAGIC)), offset);
}

/** Sixteen such codes as bytes, clamped, and brought into their format. */
// @ts-ignore: decorator
@inline
export function narrowBytes(a: v128, b: v128, c: v128, d: v128, highest: v128, flip: v128): v128 {
  const bytes = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
  return v128.xor(i8x16.min_u(bytes, highest), flip);
}
