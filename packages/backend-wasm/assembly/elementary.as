// Functions of four floats that take a polynomial: logarithm, hyperbolic tangent, error function and what is made of them.
import { expF32x4, expNegativeF32x4 } from "./exp";
import { madd } from "./simd";

/** Natural logarithm to about 1 unit in the last place: -Infinity of 0, NaN of negative numbers (Cephes, logf). */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  // Subnormal numbers are made normal.
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const normal = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  // x = 2^n * m with m from sqrt(1/2) to sqrt(2), whose bits are 0x3f3504f3.
  const n = i32x4.shr_s(i32x4.sub(normal, i32x4.splat(0x3f3504f3)), 23);
  const m = f32x4.sub(i32x4.sub(normal, i32x4.shl(n, 23)), f32x4.splat(1));
  const exponent = f32x4.sub(f32x4.convert_i32x4_s(n), v128.and(tiny, f32x4.splat(23)));
  let p = madd(f32x4.splat(7.0376836292e-2), m, f32x4.splat(-1.1514610310e-1));
  p = madd(p, m, f32x4.splat(1.1676998740e-1));
  p = madd(p, m, f32x4.splat(-1.2420140846e-1));
  p = madd(p, m, f32x4.splat(1.4249322787e-1));
  p = madd(p, m, f32x4.splat(-1.6668057665e-1));
  p = madd(p, m, f32x4.splat(2.0000714765e-1));
  p = madd(p, m, f32x4.splat(-2.4999993993e-1));
  p = madd(p, m, f32x4.splat(3.3333331174e-1));
  const square = f32x4.mul(m, m);
  let y = f32x4.mul(f32x4.mul(p, m), square);
  y = madd(exponent, f32x4.splat(-2.12194440e-4), y);
  y = madd(square, f32x4.splat(-0.5), y);
  y = madd(exponent, f32x4.splat(0.693359375), f32x4.add(m, y));
  const infinity = f32x4.splat(Infinity);
  const regular = v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.lt(x, infinity));
  // The root is NaN of what has no logarithm, and Infinity of Infinity.
  const special = v128.bitselect(f32x4.neg(infinity), f32x4.sqrt(x), f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(y, special, regular);
}

/** log(1 + e) for e from 0 to 1: 2 atanh(e / (2 + e)), whose series has one sign and converges fast. */
// @ts-ignore: decorator
@inline
function log1p4(e: v128): v128 {
  const s = f32x4.div(e, f32x4.add(e, f32x4.splat(2)));
  const z = f32x4.mul(s, s);
  let p = madd(f32x4.splat(0.23190556), z, f32x4.splat(0.21715438));
  p = madd(p, z, f32x4.splat(0.28591573));
  p = madd(p, z, f32x4.splat(0.39999732));
  p = madd(p, z, f32x4.splat(0.66666669));
  return madd(f32x4.mul(p, z), s, f32x4.add(s, s));
}

/** exp(-|x|), which never overflows. */
// @ts-ignore: decorator
@inline
function expOfMinusAbs(x: v128): v128 {
  return expF32x4(v128.or(x, f32x4.splat(-0.0)));
}

/** 1 / (1 + exp(-x)); for negative x by way of exp(x), which keeps its digits. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = expOfMinusAbs(x);
  const numerator = v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0)));
  return f32x4.div(numerator, f32x4.add(one, e));
}

/** log(1 + exp(x)) */
// @ts-ignore: decorator
@inline
export function softplus4(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1p4(expOfMinusAbs(x)));
}

/** x * tanh(softplus(x)): with e = exp(x) the factor is e (e + 2) / (e (e + 2) + 2). */
// @ts-ignore: decorator
@inline
export function mish4(x: v128): v128 {
  const e = expF32x4(f32x4.pmin(x, f32x4.splat(30)));
  const n = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
  return f32x4.mul(x, f32x4.div(n, f32x4.add(n, f32x4.splat(2))));
}

/** Odd rational approximation of tanh, within some units in the last place (Eigen, ptanh). */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const limit = f32x4.splat(7.90531110763549805);
  const y = f32x4.pmin(f32x4.pmax(x, f32x4.neg(limit)), limit);
  const z = f32x4.mul(y, y);
  let p = madd(z, f32x4.splat(-2.76076847742355e-16), f32x4.splat(2.00018790482477e-13));
  p = madd(p, z, f32x4.splat(-8.60467152213735e-11));
  p = madd(p, z, f32x4.splat(5.12229709037114e-8));
  p = madd(p, z, f32x4.splat(1.48572235717979e-5));
  p = madd(p, z, f32x4.splat(6.37261928875436e-4));
  p = madd(p, z, f32x4.splat(4.89352455891786e-3));
  let q = madd(z, f32x4.splat(1.19825839466702e-6), f32x4.splat(1.18534705686654e-4));
  q = madd(q, z, f32x4.splat(2.26843463243900e-3));
  q = madd(q, z, f32x4.splat(4.89352518554385e-3));
  return f32x4.div(f32x4.mul(y, p), q);
}

/** Odd rational approximation of erf; exactly 1 and -1 from 4 on, where it is that in float32 (Eigen, perf). */
// @ts-ignore: decorator
@inline
export function erf4(x: v128): v128 {
  const limit = f32x4.splat(4);
  const y = f32x4.pmin(f32x4.pmax(x, f32x4.neg(limit)), limit);
  const z = f32x4.mul(y, y);
  let p = madd(z, f32x4.splat(-2.72614225801306e-10), f32x4.splat(2.77068142495902e-8));
  p = madd(p, z, f32x4.splat(-2.10102402082508e-6));
  p = madd(p, z, f32x4.splat(-5.69250639462346e-5));
  p = madd(p, z, f32x4.splat(-7.34990630326855e-4));
  p = madd(p, z, f32x4.splat(-2.95459980854025e-3));
  p = madd(p, z, f32x4.splat(-1.60960333262415e-2));
  let q = madd(z, f32x4.splat(-1.45660718464996e-5), f32x4.splat(-2.13374055278905e-4));
  q = madd(q, z, f32x4.splat(-1.68282697438203e-3));
  q = madd(q, z, f32x4.splat(-7.37332916720468e-3));
  q = madd(q, z, f32x4.splat(-1.42647390514189e-2));
  const one = f32x4.splat(1);
  const inside = f32x4.div(f32x4.mul(y, p), q);
  return f32x4.pmin(f32x4.pmax(inside, f32x4.neg(one)), one);
}

/**
 * x * (1 + erf(x / sqrt(2))) / 2. The factor of x is the tail exp(-x^2 / 2) * R(|x|) of the normal distribution for
 * negative x, and 1 less the tail for positive x, so that both keep their digits. R is u times a polynomial in
 * u = 1 / (1 + 0.3 |x|), as in Abramowitz and Stegun, 7.1.26; its relative error is below 2e-7.
 */
// @ts-ignore: decorator
@inline
export function gelu4(x: v128): v128 {
  const one = f32x4.splat(1);
  const t = f32x4.abs(x);
  const u = f32x4.div(one, madd(t, f32x4.splat(0.3), one));
  let p = madd(f32x4.splat(0.036437839), u, f32x4.splat(-0.160268328));
  p = madd(p, u, f32x4.splat(0.211432062));
  p = madd(p, u, f32x4.splat(-0.058166899));
  p = madd(p, u, f32x4.splat(0.130831552));
  p = madd(p, u, f32x4.splat(0.0992562117));
  p = madd(p, u, f32x4.splat(0.120854534));
  p = madd(p, u, f32x4.splat(0.11962303));
  const gauss = expNegativeF32x4(f32x4.mul(f32x4.mul(t, t), f32x4.splat(-0.5)));
  const tail = f32x4.mul(f32x4.mul(p, u), gauss);
  return f32x4.mul(x, v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0))));
}

/** x * (1 + tanh(u)) / 2 with u = sqrt(2 / pi) * (x + 0.044715 x^3): the factor is sigmoid(2 u). */
// @ts-ignore: decorator
@inline
export function geluTanh4(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x);
  const u = madd(cube, f32x4.splat(0.044715), x);
  return f32x4.mul(x, sigmoid4(f32x4.mul(u, f32x4.splat(1.5957691216057308))));
}

/**
 * exp(x) - 1 for x <= 0, with its digits near 0: 2^n * (exp(r) - 1) + (2^n - 1), as in exp.ts. What it makes of x > 0 is
 * left open.
 */
// @ts-ignore: decorator
@inline
export function expm1Negative4(x: v128): v128 {
  const magic = f32x4.splat(12582912);
  const y = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-30)), f32x4.splat(1));
  const rounded = madd(y, f32x4.splat(1.44269504088896341), magic);
  const n = f32x4.sub(rounded, magic);
  const r = madd(n, f32x4.splat(2.12194440e-4), madd(n, f32x4.splat(-0.693359375), y));
  let p = madd(f32x4.splat(1.9875691500e-4), r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  const reduced = madd(p, f32x4.mul(r, r), r);
  // The bits of `magic` leave the field of the exponent when they are shifted there.
  const power = i32x4.shl(i32x4.add(rounded, i32x4.splat(127)), 23);
  return madd(reduced, power, f32x4.sub(power, f32x4.splat(1)));
}
