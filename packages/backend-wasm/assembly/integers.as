// @ts-nocheck: decorators
// Functions of two integers, each a type with a method (unary-functions.ts says why). All formats of integers pass through
// strips of 64 bits, in which each function is written once for signed numbers and unsigned ones: results wrap when they are
// brought back (docs/numerics.md, "Integers").
import * as code from "../src/codes";

class Add {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return <T>(a + b); }
}
class Sub {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return <T>(a - b); }
}
class Mul {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return <T>(a * b); }
}
class Div {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return divide<T>(a, b); }
}
class Pow {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return power<T>(a, b); }
}
class Min {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return a < b ? a : b; }
}
class Max {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return a > b ? a : b; }
}
class Mod {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return modulo<T>(a, b); }
}
class Fmod {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return b == 0 ? <T>0 : <T>(a % b); }
}
class Prelu {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return a >= 0 ? a : <T>(a * b); }
}
class Equal {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return <T>(a == b); }
}
class Less {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return <T>(a < b); }
}
class LessOrEqual {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return <T>(a <= b); }
}
class And {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return <T>(a & b); }
}
class Or {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return <T>(a | b); }
}
class Xor {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return <T>(a ^ b); }
}
class ShiftLeft {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return b >= 0 && b < <T>width ? <T>(a << b) : <T>0; }
}
class ShiftRight {
  @inline of<T extends number>(a: T, b: T, width: i32): T { return b >= 0 && b < <T>width ? <T>(a >> b) : <T>0; }
}

/** to[i] = f(a[i * aStep], b[i * bStep]) for `count` elements of 64 bits. width: bits of the format, for shifts. */
export function binaryIntegers<T extends number>(fn: i32, a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32, width: i32): void {
  switch (fn) {
    case code.ADD: return loop<Add, T>(a, aStep, b, bStep, to, count, width);
    case code.SUB: return loop<Sub, T>(a, aStep, b, bStep, to, count, width);
    case code.MUL: return loop<Mul, T>(a, aStep, b, bStep, to, count, width);
    case code.DIV: return loop<Div, T>(a, aStep, b, bStep, to, count, width);
    case code.POW: return loop<Pow, T>(a, aStep, b, bStep, to, count, width);
    case code.MIN: return loop<Min, T>(a, aStep, b, bStep, to, count, width);
    case code.MAX: return loop<Max, T>(a, aStep, b, bStep, to, count, width);
    case code.MOD: return loop<Mod, T>(a, aStep, b, bStep, to, count, width);
    case code.FMOD: return loop<Fmod, T>(a, aStep, b, bStep, to, count, width);
    case code.PRELU: return loop<Prelu, T>(a, aStep, b, bStep, to, count, width);
    case code.EQUAL: return loop<Equal, T>(a, aStep, b, bStep, to, count, width);
    case code.LESS: return loop<Less, T>(a, aStep, b, bStep, to, count, width);
    case code.LESS_OR_EQUAL: return loop<LessOrEqual, T>(a, aStep, b, bStep, to, count, width);
    case code.AND: return loop<And, T>(a, aStep, b, bStep, to, count, width);
    case code.OR: return loop<Or, T>(a, aStep, b, bStep, to, count, width);
    case code.XOR: return loop<Xor, T>(a, aStep, b, bStep, to, count, width);
    case code.SHIFT_LEFT: return loop<ShiftLeft, T>(a, aStep, b, bStep, to, count, width);
    case code.SHIFT_RIGHT: return loop<ShiftRight, T>(a, aStep, b, bStep, to, count, width);
    default: unreachable();
  }
}

function loop<F, T extends number>(a: usize, aStep: i32, b: usize, bStep: i32, to: usize, count: i32, width: i32): void {
  const end = to + (count << 3);
  const aBytes: usize = <usize>aStep << 3;
  const bBytes: usize = <usize>bStep << 3;
  for (; to < end; a += aBytes, b += bBytes, to += 8)
    store<T>(to, changetype<F>(0).of<T>(load<T>(a), load<T>(b), width));
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
