// The exponential of four floats.
import { madd } from "./simd";

/** Its bits are those of an integer n plus 0x4b400000 after n is added: rounds half to even for |n| < 2^22. */
const MAGIC: f32 = 12582912;
const LOG2E: f32 = 1.44269504088896341;
// log(2) in two parts: the first has 9 bits, so that its products with exponents are exact (Cody and Waite 1980).
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;

/**
 * exp(x), to about 1 unit in the last place; 0 for -Infinity, Infinity where it is too large, NaN for NaN.
 * exp(x) = 2^n * exp(r) with |r| <= log(2) / 2, and a polynomial for exp(r) (Cephes, expf).
 */
// @ts-ignore: decorator
@inline
export function expF32x4(x: v128): v128 {
  // The first operand of pmin and pmax stays where it is NaN.
  x = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-104)), f32x4.splat(89));
  const rounded = madd(x, f32x4.splat(LOG2E), f32x4.splat(MAGIC));
  const n = i32x4.sub(rounded, f32x4.splat(MAGIC));
  const y = expReduced(x, f32x4.sub(rounded, f32x4.splat(MAGIC)));
  // 2^n in two factors: one may be too small for a normal number, or too large.
  const half = i32x4.shr_s(n, 1);
  return f32x4.mul(f32x4.mul(y, powerOf2(half)), powerOf2(i32x4.sub(n, half)));
}

/** The same for x <= 0, with 0 for everything below -87: exponentials of softmax, which add to one that is 1. */
// @ts-ignore: decorator
@inline
export function expNegativeF32x4(x: v128): v128 {
  const rounded = madd(f32x4.pmax(x, f32x4.splat(-87)), f32x4.splat(LOG2E), f32x4.splat(MAGIC));
  const y = expReduced(f32x4.pmax(x, f32x4.splat(-87)), f32x4.sub(rounded, f32x4.splat(MAGIC)));
  const power = powerOf2(i32x4.sub(rounded, f32x4.splat(MAGIC)));
  return v128.andnot(f32x4.mul(y, power), f32x4.lt(x, f32x4.splat(-87)));
}

/** exp(x - n * log(2)). */
// @ts-ignore: decorator
@inline
function expReduced(x: v128, n: v128): v128 {
  const r = madd(n, f32x4.splat(-LN2_LOW), madd(n, f32x4.splat(-LN2_HIGH), x));
  let p = madd(f32x4.splat(1.9875691500e-4), r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  return f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
}

/** 2^n for n from -126 to 127. */
// @ts-ignore: decorator
@inline
function powerOf2(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}
