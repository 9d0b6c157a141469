/**
 * Functions of two numbers: of floats in float64, of integers of up to 32 bits exactly. Results of integers may leave the
 * format; the output's array wraps them (docs/numerics.md, "Integers").
 */
import type { BinaryFunction } from "@bitbudget/backend";
import { type DType, dtypes } from "@bitbudget/core";

/** Comparisons give 1 or 0, on floats and on integers of any width. */
export const comparisons = {
  equal: (a: number | bigint, b: number | bigint) => Number(a === b),
  less: (a: number | bigint, b: number | bigint) => Number(a < b),
  lessOrEqual: (a: number | bigint, b: number | bigint) => Number(a <= b),
  greater: (a: number | bigint, b: number | bigint) => Number(a > b),
  greaterOrEqual: (a: number | bigint, b: number | bigint) => Number(a >= b),
};

export type Comparison = keyof typeof comparisons;
/** Functions whose result is in the format of the operands. */
export type Operation = Exclude<BinaryFunction, Comparison>;

export function isComparison(fn: BinaryFunction): fn is Comparison {
  return Object.hasOwn(comparisons, fn);
}

type NumberFunction = (a: number, b: number) => number;

/** The function of numbers in a format. */
export function binaryFunction(fn: Operation, dtype: DType): NumberFunction {
  const info = dtypes[dtype];
  if (fn === "shiftLeft") return (a, b) => (b >= 0 && b < info.bits ? a << b : 0);
  if (fn === "shiftRight") {
    // The arithmetic shift keeps the sign; unsigned numbers of 32 bits have none to keep.
    if (info.min < 0) return (a, b) => (b >= 0 && b < info.bits ? a >> b : 0);
    return (a, b) => (b < info.bits ? a >>> b : 0);
  }
  return info.kind === "float" ? { ...shared, ...ofFloats }[fn] : { ...shared, ...ofIntegers }[fn];
}

/** Whether a remainder has to be moved by one divisor, to have the divisor's sign. */
function hasOtherSign(remainder: number, divisor: number): boolean {
  return remainder !== 0 && remainder < 0 !== divisor < 0;
}

/** The same on floats and on integers. */
const shared = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  min: (a: number, b: number) => Math.min(a, b),
  max: (a: number, b: number) => Math.max(a, b),
  and: (a: number, b: number) => a & b,
  or: (a: number, b: number) => a | b,
  xor: (a: number, b: number) => a ^ b,
  bitwiseAnd: (a: number, b: number) => a & b,
  bitwiseOr: (a: number, b: number) => a | b,
  bitwiseXor: (a: number, b: number) => a ^ b,
} satisfies { readonly [F in Operation]?: NumberFunction };

type OwnFunction = Exclude<Operation, keyof typeof shared | "shiftLeft" | "shiftRight">;

const ofFloats: { readonly [F in OwnFunction]: NumberFunction } = {
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow(a, b) {
    // IEEE 754 pow; JavaScript answers NaN to these.
    if (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY)) return 1;
    return a ** b;
  },
  mod(a, b) {
    const remainder = a % b;
    if (remainder === 0) return b < 0 ? -0 : 0;
    return hasOtherSign(remainder, b) ? remainder + b : remainder;
  },
  fmod: (a, b) => a % b,
  prelu: (a, b) => (a >= 0 ? a : a * b),
};

const ofIntegers: { readonly [F in OwnFunction]: NumberFunction } = {
  mul: Math.imul,
  div: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  pow(a, b) {
    if (b < 0) return reciprocalPower(a, b);
    let result = 1;
    let square = a;
    for (let exponent = b; exponent > 0; exponent = Math.floor(exponent / 2)) {
      if (exponent % 2 === 1) result = Math.imul(result, square);
      square = Math.imul(square, square);
    }
    return result;
  },
  mod(a, b) {
    if (b === 0) return 0;
    const remainder = a % b;
    return hasOtherSign(remainder, b) ? remainder + b : remainder;
  },
  fmod: (a, b) => (b === 0 ? 0 : a % b),
  prelu: (a, b) => (a >= 0 ? a : Math.imul(a, b)),
};

/** 1 / a ** -b by the rules of integer division, for a negative b. */
function reciprocalPower(a: number, b: number): number {
  if (a === -1) return b % 2 === 0 ? 1 : -1;
  return a === 1 ? 1 : 0;
}
