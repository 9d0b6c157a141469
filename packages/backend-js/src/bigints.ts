/**
 * Functions of 64-bit integers, exact on bigints. Results may leave the format; the output's array wraps them. The rules
 * are those of the narrower integers (docs/numerics.md, "Integers").
 */
import type { UnaryFunction } from "@bitbudget/backend";
import { type DType, encode, type Storage } from "@bitbudget/core";
import type { Operation } from "./binary-functions.ts";

export type Bigints = BigInt64Array | BigUint64Array;

/** Whether the elements of the memory are bigints. */
export function holdsBigints(storage: Storage): storage is Bigints {
  return storage instanceof BigInt64Array || storage instanceof BigUint64Array;
}

/** The functions of one integer that the contract allows. */
export function bigintFunction(value: UnaryFunction, dtype: DType): (x: bigint) => bigint {
  switch (value.fn) {
    case "clip": {
      const min = BigInt(encode(dtype, value.min ?? Number.NEGATIVE_INFINITY));
      const max = BigInt(encode(dtype, value.max ?? Number.POSITIVE_INFINITY));
      return (x) => smaller(larger(x, min), max);
    }
    case "abs":
      return (x) => (x < 0n ? -x : x);
    case "neg":
      return (x) => -x;
    case "sign":
      return (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n);
    case "relu":
      return (x) => larger(x, 0n);
    case "bitwiseNot":
      return (x) => ~x;
    default:
      return (x) => x;
  }
}

/** Functions of two integers. */
export const bigintFunctions: { readonly [F in Operation]: (a: bigint, b: bigint) => bigint } = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? 0n : a / b),
  pow,
  min: smaller,
  max: larger,
  mod(a, b) {
    if (b === 0n) return 0n;
    const remainder = a % b;
    return remainder !== 0n && remainder < 0n !== b < 0n ? remainder + b : remainder;
  },
  fmod: (a, b) => (b === 0n ? 0n : a % b),
  prelu: (a, b) => (a >= 0n ? a : a * b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  bitwiseAnd: (a, b) => a & b,
  bitwiseOr: (a, b) => a | b,
  bitwiseXor: (a, b) => a ^ b,
  shiftLeft: (a, b) => (b >= 0n && b < 64n ? a << b : 0n),
  shiftRight: (a, b) => (b >= 0n && b < 64n ? a >> b : 0n),
};

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** Powers modulo 2^64. A negative exponent divides 1 by the power, by the rules of integer division. */
function pow(a: bigint, b: bigint): bigint {
  if (b < 0n) return a === 1n || (a === -1n && b % 2n === 0n) ? 1n : a === -1n ? -1n : 0n;
  let result = 1n;
  let square = a;
  for (let exponent = b; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}
