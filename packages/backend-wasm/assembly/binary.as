// @ts-nocheck: decorators
// Functions of two numbers over strips of floats, each a type with a method (unary-functions.ts says why). An operand with a
// step of 0 is one vector of four equal numbers.
import * as code from "../src/codes";

class Add {
  @inline of(a: v128, b: v128): v128 { return f32x4.add(a, b); }
}
class Sub {
  @inline of(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
}
class Mul {
  @inline of(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
}
class Div {
  @inline of(a: v128, b: v128): v128 { return f32x4.div(a, b); }
}
class Min {
  @inline of(a: v128, b: v128): v128 { return f32x4.min(a, b); }
}
class Max {
  @inline of(a: v128, b: v128): v128 { return f32x4.max(a, b); }
}
class Prelu {
  @inline of(a: v128, b: v128): v128 { return v128.bitselect(a, f32x4.mul(a, b), f32x4.ge(a, f32x4.splat(0))); }
}
class Equal {
  @inline of(a: v128, b: v128): v128 { return v128.and(f32x4.eq(a, b), f32x4.splat(1)); }
}
class Less {
  @inline of(a: v128, b: v128): v128 { return v128.and(f32x4.lt(a, b), f32x4.splat(1)); }
}
class LessOrEqual {
  @inline of(a: v128, b: v128): v128 { return v128.and(f32x4.le(a, b), f32x4.splat(1)); }
}

/** to[i] = f(a[i * aStep], b[i * bStep]) for `count` floats, a multiple of 4. Comparisons give 1 or 0. */
export function binaryStrip(fn: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  switch (fn) {
    case code.ADD: return loop<Add>(a, aStep, b, bStep, to, count);
    case code.SUB: return loop<Sub>(a, aStep, b, bStep, to, count);
    case code.MUL: return loop<Mul>(a, aStep, b, bStep, to, count);
    case code.DIV: return loop<Div>(a, aStep, b, bStep, to, count);
    case code.MIN: return loop<Min>(a, aStep, b, bStep, to, count);
    case code.MAX: return loop<Max>(a, aStep, b, bStep, to, count);
    case code.PRELU: return loop<Prelu>(a, aStep, b, bStep, to, count);
    case code.EQUAL: return loop<Equal>(a, aStep, b, bStep, to, count);
    case code.LESS: return loop<Less>(a, aStep, b, bStep, to, count);
    case code.LESS_OR_EQUAL: return loop<LessOrEqual>(a, aStep, b, bStep, to, count);
    case code.POW: return powStrip(a, aStep, b, bStep, to, count);
    default: return remainderStrip(fn, a, aStep, b, bStep, to, count);
  }
}

function loop<F>(a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  const end = to + (count << 2);
  const aBytes: usize = <usize>aStep << 4;
  const bBytes: usize = <usize>bStep << 4;
  for (; to < end; a += aBytes, b += bBytes, to += 16)
    v128.store(to, changetype<F>(0).of(v128.load(a), v128.load(b)));
}

/** Powers. Models take squares, cubes, roots and quotients of whole tensors: these are vectors. */
function powStrip(a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  if (bStep == 0) {
    const exponent = load<f32>(b);
    if (exponent == 2) return loop<Mul>(a, aStep, a, aStep, to, count);
    if (exponent == 3 || exponent == 0.5 || exponent == -1) return constantPower(exponent, a, aStep, to, count);
  }
  const end = to + (count << 2);
  for (let i = 0; to < end; to += 4, i++) {
    const x = load<f32>(a + ((aStep ? i : i & 3) << 2));
    const y = load<f32>(b + ((bStep ? i : i & 3) << 2));
    store<f32>(to, power(x, y));
  }
}

/** IEEE 754 pow, where 1 to any power is 1, and -1 to an infinite one. */
function power(x: f32, y: f32): f32 {
  if (x == 1 || y == 0) return 1;
  if (x == -1 && abs(y) == Infinity) return 1;
  return Mathf.pow(x, y);
}

function constantPower(exponent: f32, a: usize, aStep: i32, to: usize, count: i32): void {
  const aBytes: usize = <usize>aStep << 4;
  const lowest = f32x4.splat(-Infinity);
  for (const end = to + (count << 2); to < end; a += aBytes, to += 16) {
    const x = v128.load(a);
    if (exponent == 3) v128.store(to, f32x4.mul(f32x4.mul(x, x), x));
    else if (exponent == -1) v128.store(to, f32x4.div(f32x4.splat(1), x));
    // pow(-0, 0.5) is 0 and pow(-Infinity, 0.5) is Infinity, unlike the roots.
    else {
      const root = f32x4.sqrt(f32x4.add(x, f32x4.splat(0)));
      v128.store(to, v128.bitselect(f32x4.neg(lowest), root, f32x4.eq(x, lowest)));
    }
  }
}

/** Remainders: that of `mod` has the sign of the divisor, that of `fmod` the sign of the dividend. */
function remainderStrip(fn: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  const end = to + (count << 2);
  for (let i = 0; to < end; to += 4, i++) {
    const x = load<f32>(a + ((aStep ? i : i & 3) << 2));
    const y = load<f32>(b + ((bStep ? i : i & 3) << 2));
    let r = x % y;
    if (fn == code.MOD) {
      if (r == 0) r = y < 0 ? -0.0 : 0.0;
      else if ((r < 0) != (y < 0)) r += y;
    }
    store<f32>(to, r);
  }
}
