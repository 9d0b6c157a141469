// The exponential of four floats: exp(x) = 2^n * exp(r) with |r| <= log(2) / 2, and a polynomial for exp(r) (Cephes, expf).
import { madd } from "./simd";

/**
 * Constants lie in memory, from where one instruction brings one into all lanes; what is written as a number in the code
 * takes two or three wherever it stands, in every turn of a loop.
 */
const CONSTANTS: usize = memory.data<f32>([
  // 1.5 * 2^23: the last bits of n plus it are those of n, rounded half to even, for |n| < 2^22.
  12582912,
  // 1 / log(2)
  1.44269504088896341,
  // -log(2) in two parts: the first has 9 bits, so that its products with exponents are exact (Cody and Waite 1980).
  -0.693359375, 2.12194440e-4,
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
  1,
  // The largest argument with a finite result is below 89; below -104 all round to 0, and below -87.7 all to less than normal.
  89, -104, -88,
]);

// @ts-ignore: decorator
@inline
function constant(i: usize): v128 {
  return v128.load32_splat(CONSTANTS + (i << 2));
}

/** exp(x), to about 1 unit in the last place; 0 for -Infinity, Infinity where it is too large, NaN for NaN. */
// @ts-ignore: decorator
@inline
export function expF32x4(x: v128): v128 {
  // The first operand of pmin and pmax stays where it is NaN.
  const y = f32x4.pmin(f32x4.pmax(x, constant(12)), constant(11));
  const rounded = madd(y, constant(1), constant(0));
  const p = expReduced(y, f32x4.sub(rounded, constant(0)));
  // 2^n in two factors: one may be too small for a normal number, or too large.
  const n = i32x4.sub(rounded, constant(0));
  const half = i32x4.shr_s(n, 1);
  return f32x4.mul(f32x4.mul(p, powerOf2(half)), powerOf2(i32x4.sub(n, half)));
}

/** The same for x <= 0, with 0 for what is less than a normal number: exponentials of softmax, the largest of which is 1. */
// @ts-ignore: decorator
@inline
export function expNegativeF32x4(x: v128): v128 {
  // At -88 n is -127, and the power's bits are 0.
  const y = f32x4.pmax(x, constant(13));
  const rounded = madd(y, constant(1), constant(0));
  return f32x4.mul(expReduced(y, f32x4.sub(rounded, constant(0))), powerOf2(rounded));
}

/** exp(x - n * log(2)). */
// @ts-ignore: decorator
@inline
function expReduced(x: v128, n: v128): v128 {
  const r = madd(n, constant(3), madd(n, constant(2), x));
  let p = madd(constant(4), r, constant(5));
  p = madd(p, r, constant(6));
  p = madd(p, r, constant(7));
  p = madd(p, r, constant(8));
  p = madd(p, r, constant(9));
  return f32x4.add(madd(p, f32x4.mul(r, r), r), constant(10));
}

/** 2^n for n from -126 to 127, of which the last nine bits count; 0 for -127. */
// @ts-ignore: decorator
@inline
function powerOf2(n: v128): v128 {
  return i32x4.add(i32x4.shl(n, 23), constant(10));
}
