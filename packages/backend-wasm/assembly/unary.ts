// Functions of one number over strips of floats. A body is written once, for four floats; `loop` makes a function of it
// wherever `fn` is a constant, so that nothing is decided inside.
import * as code from "../src/codes";
import { clamp, zeroFor } from "./clamp";
import { erf4, expm1Negative4, gelu4, geluTanh4, log4, mish4, sigmoid4, softplus4, tanh4 } from "./elementary";
import { expF32x4 } from "./exp";
import { unaryScalar } from "./unary-scalar";

/** to[i] = f(from[i]) for `count` floats, a multiple of 4. `to` may be `from`. Predicates give 1 or 0. */
export function unaryStrip(fn: i32, alpha: f32, beta: f32, from: usize, to: usize, count: i32): void {
  switch (fn) {
    case code.IDENTITY: return loop(code.IDENTITY, alpha, beta, from, to, count);
    case code.RELU: return loop(code.RELU, alpha, beta, from, to, count);
    case code.CLIP: return loop(code.CLIP, alpha, beta, from, to, count);
    case code.CLIP_ZEROS: return loop(code.CLIP_ZEROS, alpha, beta, from, to, count);
    case code.ABS: return loop(code.ABS, alpha, beta, from, to, count);
    case code.NEG: return loop(code.NEG, alpha, beta, from, to, count);
    case code.SIGN: return loop(code.SIGN, alpha, beta, from, to, count);
    case code.FLOOR: return loop(code.FLOOR, alpha, beta, from, to, count);
    case code.CEIL: return loop(code.CEIL, alpha, beta, from, to, count);
    case code.ROUND: return loop(code.ROUND, alpha, beta, from, to, count);
    case code.IS_NAN: return loop(code.IS_NAN, alpha, beta, from, to, count);
    case code.IS_INF: return loop(code.IS_INF, alpha, beta, from, to, count);
    case code.SQRT: return loop(code.SQRT, alpha, beta, from, to, count);
    case code.RECIPROCAL: return loop(code.RECIPROCAL, alpha, beta, from, to, count);
    case code.EXP: return loop(code.EXP, alpha, beta, from, to, count);
    case code.LOG: return loop(code.LOG, alpha, beta, from, to, count);
    case code.TANH: return loop(code.TANH, alpha, beta, from, to, count);
    case code.ERF: return loop(code.ERF, alpha, beta, from, to, count);
    case code.SIGMOID: return loop(code.SIGMOID, alpha, beta, from, to, count);
    case code.SOFTPLUS: return loop(code.SOFTPLUS, alpha, beta, from, to, count);
    case code.SOFTSIGN: return loop(code.SOFTSIGN, alpha, beta, from, to, count);
    case code.MISH: return loop(code.MISH, alpha, beta, from, to, count);
    case code.HARD_SWISH: return loop(code.HARD_SWISH, alpha, beta, from, to, count);
    case code.HARD_SIGMOID: return loop(code.HARD_SIGMOID, alpha, beta, from, to, count);
    case code.LEAKY_RELU: return loop(code.LEAKY_RELU, alpha, beta, from, to, count);
    case code.ELU: return loop(code.ELU, alpha, beta, from, to, count);
    case code.CELU: return loop(code.CELU, alpha, beta, from, to, count);
    case code.SELU: return loop(code.SELU, alpha, beta, from, to, count);
    case code.THRESHOLDED_RELU: return loop(code.THRESHOLDED_RELU, alpha, beta, from, to, count);
    case code.SWISH: return loop(code.SWISH, alpha, beta, from, to, count);
    case code.SHRINK: return loop(code.SHRINK, alpha, beta, from, to, count);
    case code.GELU: return loop(code.GELU, alpha, beta, from, to, count);
    case code.GELU_TANH: return loop(code.GELU_TANH, alpha, beta, from, to, count);
    default: return unaryScalar(fn, from, to, count);
  }
}

// @ts-ignore: decorator
@inline
function loop(fn: i32, alpha: f32, beta: f32, from: usize, to: usize, count: i32): void {
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  const zero = zeroFor(alpha);
  const end = to + (count << 2);
  for (; to < end; from += 16, to += 16) v128.store(to, body(fn, v128.load(from), a, b, zero));
}

// @ts-ignore: decorator
@inline
function body(fn: i32, x: v128, alpha: v128, beta: v128, zero: v128): v128 {
  const none = f32x4.splat(0);
  const one = f32x4.splat(1);
  // -0 plus 0 is 0; and NaN stays, as the first operand of pmax does.
  if (fn == code.RELU) return f32x4.add(f32x4.pmax(x, none), none);
  if (fn == code.CLIP) return clamp(x, alpha, beta, zero);
  if (fn == code.CLIP_ZEROS) return f32x4.min(f32x4.max(x, alpha), beta);
  if (fn == code.ABS) return f32x4.abs(x);
  if (fn == code.NEG) return f32x4.neg(x);
  if (fn == code.SIGN) {
    const sign = v128.or(v128.and(f32x4.gt(x, none), one), v128.and(f32x4.lt(x, none), f32x4.splat(-1)));
    return v128.bitselect(x, sign, f32x4.ne(x, x));
  }
  if (fn == code.FLOOR) return f32x4.floor(x);
  if (fn == code.CEIL) return f32x4.ceil(x);
  if (fn == code.ROUND) return f32x4.nearest(x);
  if (fn == code.IS_NAN) return v128.and(f32x4.ne(x, x), one);
  if (fn == code.IS_INF) return v128.and(f32x4.eq(f32x4.abs(x), f32x4.splat(Infinity)), one);
  if (fn == code.SQRT) return f32x4.sqrt(x);
  if (fn == code.RECIPROCAL) return f32x4.div(one, x);
  if (fn == code.EXP) return expF32x4(x);
  if (fn == code.LOG) return log4(x);
  if (fn == code.TANH) return tanh4(x);
  if (fn == code.ERF) return erf4(x);
  if (fn == code.SIGMOID) return sigmoid4(x);
  if (fn == code.SOFTPLUS) return softplus4(x);
  if (fn == code.SOFTSIGN) return f32x4.div(x, f32x4.add(one, f32x4.abs(x)));
  if (fn == code.MISH) return mish4(x);
  // x + 3 is exact near -3, where x / 6 would lose the digits of the difference.
  if (fn == code.HARD_SWISH) {
    const shifted = f32x4.pmin(f32x4.pmax(f32x4.add(x, f32x4.splat(3)), none), f32x4.splat(6));
    return f32x4.mul(x, f32x4.mul(shifted, f32x4.splat(0.16666667)));
  }
  if (fn == code.HARD_SIGMOID)
    return f32x4.pmin(f32x4.pmax(f32x4.add(f32x4.mul(x, alpha), beta), none), one);
  if (fn == code.LEAKY_RELU) return v128.bitselect(f32x4.mul(x, alpha), x, f32x4.lt(x, none));
  if (fn == code.ELU) return v128.bitselect(f32x4.mul(expm1Negative4(x), alpha), x, f32x4.lt(x, none));
  if (fn == code.CELU) {
    const curve = f32x4.mul(expm1Negative4(f32x4.div(x, alpha)), alpha);
    return v128.bitselect(curve, x, f32x4.lt(x, none));
  }
  if (fn == code.SELU) {
    const line = f32x4.mul(x, beta);
    const curve = f32x4.mul(f32x4.mul(expm1Negative4(x), alpha), beta);
    return v128.bitselect(line, curve, f32x4.gt(x, none));
  }
  if (fn == code.THRESHOLDED_RELU) return v128.and(x, f32x4.gt(x, alpha));
  if (fn == code.SWISH) return f32x4.mul(x, sigmoid4(f32x4.mul(x, alpha)));
  if (fn == code.SHRINK) {
    const above = v128.and(f32x4.sub(x, beta), f32x4.gt(x, alpha));
    return v128.bitselect(f32x4.add(x, beta), above, f32x4.lt(x, f32x4.neg(alpha)));
  }
  if (fn == code.GELU) return gelu4(x);
  if (fn == code.GELU_TANH) return geluTanh4(x);
  return x;
}
