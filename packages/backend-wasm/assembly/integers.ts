// Functions of two integers. All formats of integers pass through strips of 64 bits, in which each function is written once
// for signed numbers and unsigned ones: results wrap when they are brought back (docs/numerics.md, "Integers").
import * as code from "../src/codes";

/** to[i] = f(a[i * aStep], b[i * bStep]) for `count` elements of 64 bits. width: bits of the format, for shifts. */
export function binaryIntegers<T extends number>(fn: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32, width: i32): void {
  switch (fn) {
    case code.ADD: return loop<T>(code.ADD, a, aStep, b, bStep, to, count, width);
    case code.SUB: return loop<T>(code.SUB, a, aStep, b, bStep, to, count, width);
    case code.MUL: return loop<T>(code.MUL, a, aStep, b, bStep, to, count, width);
    case code.DIV: return loop<T>(code.DIV, a, aStep, b, bStep, to, count, width);
    case code.POW: return loop<T>(code.POW, a, aStep, b, bStep, to, count, width);
    case code.MIN: return loop<T>(code.MIN, a, aStep, b, bStep, to, count, width);
    case code.MAX: return loop<T>(code.MAX, a, aStep, b, bStep, to, count, width);
    case code.MOD: return loop<T>(code.MOD, a, aStep, b, bStep, to, count, width);
    case code.FMOD: return loop<T>(code.FMOD, a, aStep, b, bStep, to, count, width);
    case code.PRELU: return loop<T>(code.PRELU, a, aStep, b, bStep, to, count, width);
    case code.EQUAL: return loop<T>(code.EQUAL, a, aStep, b, bStep, to, count, width);
    case code.LESS: return loop<T>(code.LESS, a, aStep, b, bStep, to, count, width);
    case code.LESS_OR_EQUAL: return loop<T>(code.LESS_OR_EQUAL, a, aStep, b, bStep, to, count, width);
    case code.AND: return loop<T>(code.AND, a, aStep, b, bStep, to, count, width);
    case code.OR: return loop<T>(code.OR, a, aStep, b, bStep, to, count, width);
    case code.XOR: return loop<T>(code.XOR, a, aStep, b, bStep, to, count, width);
    case code.SHIFT_LEFT: return loop<T>(code.SHIFT_LEFT, a, aStep, b, bStep, to, count, width);
    default: return loop<T>(code.SHIFT_RIGHT, a, aStep, b, bStep, to, count, width);
  }
}

// @ts-ignore: decorator
@inline
function loop<T extends number>(fn: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32, width: i32): void {
  const end = to + (count << 3);
  const aBytes: usize = <usize>aStep << 3;
  const bBytes: usize = <usize>bStep << 3;
  for (; to < end; a += aBytes, b += bBytes, to += 8) store<T>(to, body<T>(fn, load<T>(a), load<T>(b), width));
}

// @ts-ignore: decorator
@inline
function body<T extends number>(fn: i32, a: T, b: T, width: i32): T {
  if (fn == code.ADD) return <T>(a + b);
  if (fn == code.SUB) return <T>(a - b);
  if (fn == code.MUL) return <T>(a * b);
  if (fn == code.DIV) return divide<T>(a, b);
  if (fn == code.POW) return power<T>(a, b);
  if (fn == code.MIN) return a < b ? a : b;
  if (fn == code.MAX) return a > b ? a : b;
  if (fn == code.FMOD) return b == 0 ? <T>0 : <T>(a % b);
  if (fn == code.MOD) return modulo<T>(a, b);
  if (fn == code.PRELU) return a >= 0 ? a : <T>(a * b);
  if (fn == code.EQUAL) return <T>(a == b);
  if (fn == code.LESS) return <T>(a < b);
  if (fn == code.LESS_OR_EQUAL) return <T>(a <= b);
  if (fn == code.AND) return <T>(a & b);
  if (fn == code.OR) return <T>(a | b);
  if (fn == code.XOR) return <T>(a ^ b);
  const inside = b >= 0 && b < <T>width;
  if (fn == code.SHIFT_LEFT) return inside ? <T>(a << b) : <T>0;
  return inside ? <T>(a >> b) : <T>0;
}

/** Truncated. The quotient of the smallest number and -1 would trap, and is that number. */
function divide<T extends number>(a: T, b: T): T {
  if (b == 0) return 0;
  if (isSigned<T>()) if (b == <T>(-1)) return <T>(0 - a);
  return <T>(a / b);
}

/** The remainder with the sign of the divisor. */
function modulo<T extends number>(a: T, b: T): T {
  if (b == 0) return 0;
  const r = <T>(a % b);
  return r != 0 && r < 0 != b < 0 ? <T>(r + b) : r;
}

/** A negative power is 1 divided by the power, by the rules of integer division. */
function power<T extends number>(a: T, b: T): T {
  if (b < 0) return a == 1 || (a == <T>(-1) && (b & 1) == 0) ? <T>1 : a == <T>(-1) ? <T>(-1) : <T>0;
  let result: T = 1;
  let square = a;
  for (let exponent = b; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = <T>(result * square);
    square = <T>(square * square);
  }
  return result;
}
