// Functions of two numbers over strips of floats. An operand with a step of 0 is one vector of four equal numbers.
import * as code from "../src/codes";

/** to[i] = f(a[i * aStep], b[i * bStep]) for `count` floats, a multiple of 4. Comparisons give 1 or 0. */
export function binaryStrip(fn: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  switch (fn) {
    case code.ADD: return loop(code.ADD, a, aStep, b, bStep, to, count);
    case code.SUB: return loop(code.SUB, a, aStep, b, bStep, to, count);
    case code.MUL: return loop(code.MUL, a, aStep, b, bStep, to, count);
    case code.DIV: return loop(code.DIV, a, aStep, b, bStep, to, count);
    case code.MIN: return loop(code.MIN, a, aStep, b, bStep, to, count);
    case code.MAX: return loop(code.MAX, a, aStep, b, bStep, to, count);
    case code.PRELU: return loop(code.PRELU, a, aStep, b, bStep, to, count);
    case code.EQUAL: return loop(code.EQUAL, a, aStep, b, bStep, to, count);
    case code.LESS: return loop(code.LESS, a, aStep, b, bStep, to, count);
    case code.LESS_OR_EQUAL: return loop(code.LESS_OR_EQUAL, a, aStep, b, bStep, to, count);
    case code.POW: return powStrip(a, aStep, b, bStep, to, count);
    default: return remainderStrip(fn, a, aStep, b, bStep, to, count);
  }
}

// @ts-ignore: decorator
@inline
function loop(fn: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  const end = to + (count << 2);
  const aBytes: usize = <usize>aStep << 4;
  const bBytes: usize = <usize>bStep << 4;
  for (; to < end; a += aBytes, b += bBytes, to += 16) v128.store(to, body(fn, v128.load(a), v128.load(b)));
}

// @ts-ignore: decorator
@inline
function body(fn: i32, a: v128, b: v128): v128 {
  const one = f32x4.splat(1);
  if (fn == code.ADD) return f32x4.add(a, b);
  if (fn == code.SUB) return f32x4.sub(a, b);
  if (fn == code.MUL) return f32x4.mul(a, b);
  if (fn == code.DIV) return f32x4.div(a, b);
  if (fn == code.MIN) return f32x4.min(a, b);
  if (fn == code.MAX) return f32x4.max(a, b);
  if (fn == code.PRELU) return v128.bitselect(a, f32x4.mul(a, b), f32x4.ge(a, f32x4.splat(0)));
  if (fn == code.EQUAL) return v128.and(f32x4.eq(a, b), one);
  if (fn == code.LESS) return v128.and(f32x4.lt(a, b), one);
  return v128.and(f32x4.le(a, b), one);
}

/** Powers. Models take squares, cubes, roots and quotients of whole tensors: these are vectors. */
function powStrip(a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32): void {
  if (bStep == 0) {
    const exponent = load<f32>(b);
    if (exponent == 2) return loop(code.MUL, a, aStep, a, aStep, to, count);
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
