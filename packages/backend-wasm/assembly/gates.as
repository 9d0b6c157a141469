// The functions of recurrent cells, held to the bounds of a layer's clip on the way: both have bounds anyway.
import { storeLanes } from "./lanes";
import { madd } from "./simd";

/** In memory for the reason given in exp.ts. */
const CONSTANTS: usize = memory.data<f32>([
  // An odd rational approximation of tanh within some units in the last place (Eigen, ptanh): numerator, denominator.
  -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5,
  6.37261928875436e-4, 4.89352455891786e-3,
  1.19825839466702e-6, 1.18534705686654e-4, 2.26843463243900e-3, 4.89352518554385e-3,
  // At 10.5 the quotient is above 1 by more than its error: cut there, the ends are exact.
  10.5, -10.5, 1, -1,
  // 1.5 * 2^23, whose sum with n has the last bits of n, -1 / log(2), and 2^r but for its 1.
  12582912, -1.44269504088896341,
  0.0013264722656458616, 0.009671512991189957, 0.05550733581185341, 0.24022242426872253, 0.6931470036506653,
]);

// @ts-ignore: decorator
@inline
function constant(i: usize): v128 {
  return v128.load32_splat(CONSTANTS + (i << 2));
}

/** tanh(x) for x from -10.5 to 10.5, or NaN. */
// @ts-ignore: decorator
@inline
function tanhInside(x: v128): v128 {
  const z = f32x4.mul(x, x);
  let p = madd(z, constant(0), constant(1));
  p = madd(p, z, constant(2));
  p = madd(p, z, constant(3));
  p = madd(p, z, constant(4));
  p = madd(p, z, constant(5));
  p = madd(p, z, constant(6));
  let q = madd(z, constant(7), constant(8));
  q = madd(q, z, constant(9));
  q = madd(q, z, constant(10));
  return within(f32x4.div(f32x4.mul(x, p), q), constant(14), constant(13));
}

/** NaN stays: pmin and pmax keep their first operand then. */
// @ts-ignore: decorator
@inline
function within(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

// @ts-ignore: decorator
@inline
export function tanhState(x: v128): v128 {
  return tanhInside(within(x, constant(12), constant(11)));
}

/** tanh of x held between -clip and clip. */
// @ts-ignore: decorator
@inline
export function tanhGate(x: v128, clip: f32): v128 {
  const bound = min(clip, 10.5);
  return tanhInside(within(x, f32x4.splat(-bound), f32x4.splat(bound)));
}

/**
 * In place, 1 / (1 + exp(-x)) of `count` floats held between -clip and clip. exp(-x) is 2^n * 2^r with |r| <= 1/2, and a
 * polynomial for 2^r that is 1 at 0, with the least relative error elsewhere: 2 units of the last place of 1 in the result.
 */
export function sigmoidGates(p: usize, count: i32, clip: f32): void {
  // Where exp is a normal number.
  const bound = min(clip, 87);
  const low = f32x4.splat(-bound);
  const high = f32x4.splat(bound);
  const magic = constant(15);
  const log2e = constant(16);
  const c5 = constant(17);
  const c4 = constant(18);
  const c3 = constant(19);
  const c2 = constant(20);
  const c1 = constant(21);
  const one = constant(13);
  for (let i = 0; i < count; i += 4, p += 16) {
    const x = f32x4.mul(within(v128.load(p), low, high), log2e);
    const n = f32x4.add(x, magic);
    const r = f32x4.sub(x, f32x4.sub(n, magic));
    let power = madd(c5, r, c4);
    power = madd(power, r, c3);
    power = madd(power, r, c2);
    power = madd(power, r, c1);
    power = madd(power, r, one);
    const y = f32x4.div(one, madd(power, i32x4.add(i32x4.shl(n, 23), one), one));
    if (count - i >= 4) v128.store(p, y);
    else storeLanes(p, y, count - i);
  }
}
