// The functions of recurrent cells: hyperbolic tangent, and the logistic function as half of one. Both reach their ends
// exactly, which states that are to be kept for long rely on.
import { madd } from "./simd";

/**
 * Coefficients of an odd rational approximation within some units in the last place (Eigen, ptanh), in memory for the
 * reason given in exp.ts: numerator, then denominator.
 */
const CONSTANTS: usize = memory.data<f32>([
  -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5,
  6.37261928875436e-4, 4.89352455891786e-3,
  1.19825839466702e-6, 1.18534705686654e-4, 2.26843463243900e-3, 4.89352518554385e-3,
  // Bounds of the argument, where the quotient is more than its own error above 1, and of the result.
  10.5, -10.5, 1, -1, 0.5,
]);

// @ts-ignore: decorator
@inline
function constant(i: usize): v128 {
  return v128.load32_splat(CONSTANTS + (i << 2));
}

// @ts-ignore: decorator
@inline
export function tanhGate(x: v128): v128 {
  // NaN stays: pmin and pmax keep their first operand then.
  const y = f32x4.pmin(f32x4.pmax(x, constant(12)), constant(11));
  const z = f32x4.mul(y, y);
  let p = madd(z, constant(0), constant(1));
  p = madd(p, z, constant(2));
  p = madd(p, z, constant(3));
  p = madd(p, z, constant(4));
  p = madd(p, z, constant(5));
  p = madd(p, z, constant(6));
  let q = madd(z, constant(7), constant(8));
  q = madd(q, z, constant(9));
  q = madd(q, z, constant(10));
  return f32x4.pmin(f32x4.pmax(f32x4.div(f32x4.mul(y, p), q), constant(14)), constant(13));
}

/** 1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2 */
// @ts-ignore: decorator
@inline
export function sigmoidGate(x: v128): v128 {
  const half = constant(15);
  return madd(tanhGate(f32x4.mul(x, half)), half, half);
}
