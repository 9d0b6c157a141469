// Functions of one number over strips of floats.
import * as code from "../src/codes";
import { zeroFor } from "./clamp";
import * as f from "./unary-functions";
import { unaryScalar } from "./unary-scalar";

/** to[i] = f(from[i]) for `count` floats, a multiple of 4. `to` may be `from`. Predicates give 1 or 0. */
export function unaryStrip(fn: i32, alpha: f32, beta: f32, from: usize, to: usize, count: i32): void {
  switch (fn) {
    case code.IDENTITY: return loop<f.Identity>(alpha, beta, from, to, count);
    case code.RELU: return loop<f.Relu>(alpha, beta, from, to, count);
    case code.CLIP: return loop<f.Clip>(alpha, beta, from, to, count);
    case code.WITHIN: return loop<f.Within>(alpha, beta, from, to, count);
    case code.CLIP_ZEROS: return loop<f.ClipZeros>(alpha, beta, from, to, count);
    case code.ABS: return loop<f.Abs>(alpha, beta, from, to, count);
    case code.NEG: return loop<f.Neg>(alpha, beta, from, to, count);
    case code.SIGN: return loop<f.Sign>(alpha, beta, from, to, count);
    case code.FLOOR: return loop<f.Floor>(alpha, beta, from, to, count);
    case code.CEIL: return loop<f.Ceil>(alpha, beta, from, to, count);
    case code.ROUND: return loop<f.Round>(alpha, beta, from, to, count);
    case code.IS_NAN: return loop<f.IsNaN>(alpha, beta, from, to, count);
    case code.IS_INF: return loop<f.IsInf>(alpha, beta, from, to, count);
    case code.SQRT: return loop<f.Sqrt>(alpha, beta, from, to, count);
    case code.RECIPROCAL: return loop<f.Reciprocal>(alpha, beta, from, to, count);
    case code.EXP: return loop<f.Exp>(alpha, beta, from, to, count);
    case code.LOG: return loop<f.Log>(alpha, beta, from, to, count);
    case code.TANH: return loop<f.Tanh>(alpha, beta, from, to, count);
    case code.ERF: return loop<f.Erf>(alpha, beta, from, to, count);
    case code.SIGMOID: return loop<f.Sigmoid>(alpha, beta, from, to, count);
    case code.SOFTPLUS: return loop<f.Softplus>(alpha, beta, from, to, count);
    case code.SOFTSIGN: return loop<f.Softsign>(alpha, beta, from, to, count);
    case code.MISH: return loop<f.Mish>(alpha, beta, from, to, count);
    case code.HARD_SWISH: return loop<f.HardSwish>(alpha, beta, from, to, count);
    case code.HARD_SIGMOID: return loop<f.HardSigmoid>(alpha, beta, from, to, count);
    case code.LEAKY_RELU: return loop<f.LeakyRelu>(alpha, beta, from, to, count);
    case code.ELU: return loop<f.Elu>(alpha, beta, from, to, count);
    case code.CELU: return loop<f.Celu>(alpha, beta, from, to, count);
    case code.SELU: return loop<f.Selu>(alpha, beta, from, to, count);
    case code.THRESHOLDED_RELU: return loop<f.ThresholdedRelu>(alpha, beta, from, to, count);
    case code.SWISH: return loop<f.Swish>(alpha, beta, from, to, count);
    case code.SHRINK: return loop<f.Shrink>(alpha, beta, from, to, count);
    case code.GELU: return loop<f.Gelu>(alpha, beta, from, to, count);
    case code.GELU_TANH: return loop<f.GeluTanh>(alpha, beta, from, to, count);
    default: return unaryScalar(fn, from, to, count);
  }
}

function loop<F>(alpha: f32, beta: f32, from: usize, to: usize, count: i32): void {
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  const zero = zeroFor(alpha);
  const end = to + (count << 2);
  for (; to + 32 <= end; from += 32, to += 32) {
    const first = changetype<F>(0).of(v128.load(from), a, b, zero);
    const second = changetype<F>(0).of(v128.load(from, 16), a, b, zero);
    v128.store(to, first);
    v128.store(to, second, 16);
  }
  if (to < end) v128.store(to, changetype<F>(0).of(v128.load(from), a, b, zero));
}
