/** Functions of one number as the kernels know them: a code and two parameters (assembly/unary.as). */
import type { PlainFunction, UnaryFunction } from "@bitbudget/backend";
import * as code from "./codes.ts";

export interface FunctionCode {
  readonly fn: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Without `not` and `bitwiseNot`, which floats do not have. */
const plain: { readonly [F in PlainFunction]?: number } = {
  identity: code.IDENTITY,
  abs: code.ABS,
  neg: code.NEG,
  sign: code.SIGN,
  floor: code.FLOOR,
  ceil: code.CEIL,
  round: code.ROUND,
  relu: code.RELU,
  isNaN: code.IS_NAN,
  isInf: code.IS_INF,
  sqrt: code.SQRT,
  reciprocal: code.RECIPROCAL,
  exp: code.EXP,
  log: code.LOG,
  sin: code.SIN,
  cos: code.COS,
  tan: code.TAN,
  asin: code.ASIN,
  acos: code.ACOS,
  atan: code.ATAN,
  sinh: code.SINH,
  cosh: code.COSH,
  tanh: code.TANH,
  asinh: code.ASINH,
  acosh: code.ACOSH,
  atanh: code.ATANH,
  erf: code.ERF,
  sigmoid: code.SIGMOID,
  softplus: code.SOFTPLUS,
  softsign: code.SOFTSIGN,
  mish: code.MISH,
  hardSwish: code.HARD_SWISH,
};

/** The code of a function of floats, or undefined for one that there is no kernel for. */
export function functionCode(value: UnaryFunction | undefined): FunctionCode | undefined {
  if (value === undefined) return { fn: code.IDENTITY, alpha: 0, beta: 0 };
  switch (value.fn) {
    case "clip":
      return clip(value.min ?? Number.NEGATIVE_INFINITY, value.max ?? Number.POSITIVE_INFINITY);
    case "within":
      return {
        fn: code.WITHIN,
        alpha: float32Below(value.min ?? Number.NEGATIVE_INFINITY),
        beta: -float32Below(-(value.max ?? Number.POSITIVE_INFINITY)),
      };
    case "leakyRelu":
      return { fn: code.LEAKY_RELU, alpha: value.alpha, beta: 0 };
    case "elu":
      return { fn: code.ELU, alpha: value.alpha, beta: 0 };
    case "celu":
      // The kernel knows exponentials of negative numbers alone.
      return value.alpha > 0 ? { fn: code.CELU, alpha: value.alpha, beta: 0 } : undefined;
    case "selu":
      return { fn: code.SELU, alpha: value.alpha, beta: value.gamma };
    case "thresholdedRelu":
      return { fn: code.THRESHOLDED_RELU, alpha: float32Below(value.alpha), beta: 0 };
    case "shrink":
      return value.lambda >= 0
        ? { fn: code.SHRINK, alpha: float32Below(value.lambda), beta: value.bias }
        : undefined;
    case "hardSigmoid":
      return { fn: code.HARD_SIGMOID, alpha: value.alpha, beta: value.beta };
    case "swish":
      return { fn: code.SWISH, alpha: value.alpha, beta: 0 };
    case "gelu":
      return { fn: value.approximate === "tanh" ? code.GELU_TANH : code.GELU, alpha: 0, beta: 0 };
    default: {
      const fn = plain[value.fn];
      return fn === undefined ? undefined : { fn, alpha: 0, beta: 0 };
    }
  }
}

function clip(min: number, max: number): FunctionCode {
  const [alpha, beta] = [Math.fround(min), Math.fround(max)];
  // Of -0 and 0 the former is less, which takes the kernel more instructions to respect.
  const zeros = Object.is(alpha, -0) || Object.is(beta, -0);
  return { fn: zeros ? code.CLIP_ZEROS : code.CLIP, alpha, beta };
}

/** The largest float32 that is not larger: numbers of float32 exceed the one exactly where they exceed the other. */
function float32Below(x: number): number {
  const nearest = Math.fround(x);
  if (nearest <= x) return nearest;
  const bits = new Int32Array(Float32Array.of(nearest).buffer);
  bits[0]! += nearest > 0 ? -1 : 1;
  // Below the smallest positive number is 0, which has been rounded to: nearest > x >= 0 is never 0 itself.
  return new Float32Array(bits.buffer)[0]!;
}
