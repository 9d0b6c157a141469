// @ts-nocheck: decorators
// The functions of one number, as types: a class without fields, whose method computes four floats. A generic loop over such
// a type (unary.ts) is compiled once for each, with the function in its place: AssemblyScript has no other way to hand a
// function over without a call. Formulas are those of the ONNX operators, special cases those of docs/numerics.md.
import { clamp } from "./clamp";
import { erf4, expm1Negative4, gelu4, geluTanh4, log4, mish4, sigmoid4, softplus4, tanh4 } from "./elementary";
import { expF32x4 } from "./exp";

export class Identity {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return x; }
}
// -0 plus 0 is 0; and NaN stays, as the first operand of pmax does.
export class Relu {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), f32x4.splat(0)); }
}
export class Clip {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return clamp(x, alpha, beta, zero); }
}
export class Within {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 {
    return v128.and(v128.and(f32x4.gt(x, alpha), f32x4.lt(x, beta)), f32x4.splat(1));
  }
}
export class ClipZeros {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.min(f32x4.max(x, alpha), beta); }
}
export class Abs {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.abs(x); }
}
export class Neg {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.neg(x); }
}
export class Sign {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 {
    const none = f32x4.splat(0);
    const sign = v128.or(v128.and(f32x4.gt(x, none), f32x4.splat(1)), v128.and(f32x4.lt(x, none), f32x4.splat(-1)));
    return v128.bitselect(x, sign, f32x4.ne(x, x));
  }
}
export class Floor {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.floor(x); }
}
export class Ceil {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.ceil(x); }
}
export class Round {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.nearest(x); }
}
export class IsNaN {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return v128.and(f32x4.ne(x, x), f32x4.splat(1)); }
}
export class IsInf {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return v128.and(f32x4.eq(f32x4.abs(x), f32x4.splat(Infinity)), f32x4.splat(1)); }
}
export class Sqrt {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.sqrt(x); }
}
export class Reciprocal {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.div(f32x4.splat(1), x); }
}
export class Exp {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return expF32x4(x); }
}
export class Log {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return log4(x); }
}
export class Tanh {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return tanh4(x); }
}
export class Erf {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return erf4(x); }
}
export class Sigmoid {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return sigmoid4(x); }
}
export class Softplus {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return softplus4(x); }
}
export class Softsign {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.div(x, f32x4.add(f32x4.splat(1), f32x4.abs(x))); }
}
export class Mish {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return mish4(x); }
}
// x + 3 is exact near -3, where x / 6 would lose the digits of the difference.
export class HardSwish {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 {
    const shifted = f32x4.pmin(f32x4.pmax(f32x4.add(x, f32x4.splat(3)), f32x4.splat(0)), f32x4.splat(6));
    return f32x4.mul(x, f32x4.mul(shifted, f32x4.splat(0.16666667)));
  }
}
export class HardSigmoid {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.pmin(f32x4.pmax(f32x4.add(f32x4.mul(x, alpha), beta), f32x4.splat(0)), f32x4.splat(1)); }
}
export class LeakyRelu {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return v128.bitselect(f32x4.mul(x, alpha), x, f32x4.lt(x, f32x4.splat(0))); }
}
export class Elu {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return v128.bitselect(f32x4.mul(expm1Negative4(x), alpha), x, f32x4.lt(x, f32x4.splat(0))); }
}
export class Celu {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 {
    const curve = f32x4.mul(expm1Negative4(f32x4.div(x, alpha)), alpha);
    return v128.bitselect(curve, x, f32x4.lt(x, f32x4.splat(0)));
  }
}
export class Selu {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 {
    const curve = f32x4.mul(f32x4.mul(expm1Negative4(x), alpha), beta);
    return v128.bitselect(f32x4.mul(x, beta), curve, f32x4.gt(x, f32x4.splat(0)));
  }
}
export class ThresholdedRelu {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return v128.and(x, f32x4.gt(x, alpha)); }
}
export class Swish {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return f32x4.mul(x, sigmoid4(f32x4.mul(x, alpha))); }
}
export class Shrink {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 {
    const above = v128.and(f32x4.sub(x, beta), f32x4.gt(x, alpha));
    return v128.bitselect(f32x4.add(x, beta), above, f32x4.lt(x, f32x4.neg(alpha)));
  }
}
export class Gelu {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return gelu4(x); }
}
export class GeluTanh {
  @inline of(x: v128, alpha: v128, beta: v128, zero: v128): v128 { return geluTanh4(x); }
}
