/**
 * Functions of one number, in float64: the formulas of the ONNX operators, written so that no intermediate result
 * overflows or cancels where the result does not. Callers round once, to the format of the output. On integers of up to
 * 32 bits the functions that the contract allows are exact, and the output's array wraps them.
 */
import type { PlainFunction, UnaryFunction } from "@bitbudget/backend";
import { roundHalfEven } from "@bitbudget/core";
import { erf, erfc } from "./erf.ts";

/** The function that a value of the contract stands for. Predicates give 1 or 0. */
export function unaryFunction(value: UnaryFunction): (x: number) => number {
  switch (value.fn) {
    case "clip": {
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = value;
      return (x) => Math.min(Math.max(x, min), max);
    }
    case "within": {
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = value;
      return (x) => Number(x > min && x < max);
    }
    case "leakyRelu": {
      const { alpha } = value;
      return (x) => (x < 0 ? alpha * x : x);
    }
    case "elu": {
      const { alpha } = value;
      return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
    }
    case "celu": {
      const { alpha } = value;
      return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
    }
    case "selu": {
      const { alpha, gamma } = value;
      return (x) => gamma * (x > 0 ? x : alpha * Math.expm1(x));
    }
    case "thresholdedRelu": {
      const { alpha } = value;
      return (x) => (x > alpha ? x : 0);
    }
    case "shrink": {
      const { lambda, bias } = value;
      return (x) => (x < -lambda ? x + bias : x > lambda ? x - bias : 0);
    }
    case "hardSigmoid": {
      const { alpha, beta } = value;
      return (x) => clampToOne(alpha * x + beta);
    }
    case "swish": {
      const { alpha } = value;
      return (x) => x * sigmoid(alpha * x);
    }
    case "gelu":
      return value.approximate === "tanh" ? geluTanh : gelu;
    default:
      return plain[value.fn];
  }
}

const plain: { readonly [F in PlainFunction]: (x: number) => number } = {
  identity: (x) => x,
  abs: Math.abs,
  neg: (x) => -x,
  // 0 for -0 too, unlike Math.sign.
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x === 0 ? 0 : x),
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  relu: (x) => Math.max(0, x),
  isNaN: (x) => (Number.isNaN(x) ? 1 : 0),
  isInf: (x) => (Math.abs(x) === Number.POSITIVE_INFINITY ? 1 : 0),
  not: (x) => (x === 0 ? 1 : 0),
  bitwiseNot: (x) => ~x,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  sigmoid,
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  mish: (x) => x * Math.tanh(softplus(x)),
  hardSwish: (x) => x * clampToOne(x / 6 + 0.5),
};

/** 1 / (1 + exp(-x)); for negative x by way of exp(x), which does not overflow. */
function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** log(1 + exp(x)) */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function clampToOne(x: number): number {
  return Math.max(0, Math.min(1, x));
}

/** x * (1 + erf(x / sqrt(2))) / 2: the sum is erfc(-x / sqrt(2)), which keeps its digits for negative x. */
function gelu(x: number): number {
  return 0.5 * x * erfc(-x * Math.SQRT1_2);
}

/** x * (1 + tanh(u)) / 2, and (1 + tanh(u)) / 2 is sigmoid(2 u), which keeps its digits for negative u. */
function geluTanh(x: number): number {
  return x * sigmoid(2 * SQRT_2_PI * (x + 0.044715 * x * x * x));
}

const SQRT_2_PI = Math.sqrt(2 / Math.PI);
