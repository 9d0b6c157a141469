/** unary: one function of each element. The functions are values, and also serve as fused activations. */
import type { KernelSpec } from "../spec.ts";
import { exact, type Tolerance, ulps } from "../tolerance.ts";
import {
  check,
  checkComputable,
  checkInputCount,
  input,
  isFloat,
  type OpDefinition,
  size,
} from "./definition.ts";

/** Functions without parameters, with the tolerance of their float results. */
const plain = {
  identity: exact,
  abs: exact,
  neg: exact,
  sign: exact,
  floor: exact,
  ceil: exact,
  round: exact,
  relu: exact,
  isNaN: exact,
  isInf: exact,
  not: exact,
  bitwiseNot: exact,
  sqrt: ulps(3),
  reciprocal: ulps(3),
  exp: ulps(40),
  log: ulps(3, 2 ** -21),
  sin: ulps(8, 2 ** -20),
  cos: ulps(8, 2 ** -20),
  tan: ulps(32, 2 ** -20),
  asin: ulps(16, 2 ** -20),
  acos: ulps(16, 2 ** -20),
  atan: ulps(16, 2 ** -20),
  sinh: ulps(40, 2 ** -20),
  cosh: ulps(40),
  tanh: ulps(16, 2 ** -21),
  asinh: ulps(16, 2 ** -20),
  acosh: ulps(16, 2 ** -20),
  atanh: ulps(16, 2 ** -20),
  erf: ulps(16, 2 ** -21),
  sigmoid: ulps(48),
  softplus: ulps(16, 2 ** -20),
  softsign: ulps(4),
  mish: ulps(48, 2 ** -20),
  hardSwish: ulps(4, 2 ** -24),
} as const satisfies Record<string, Tolerance>;

export type PlainFunction = keyof typeof plain;

/** A function of one number, as a value. Parameters and formulas are those of the ONNX operator of that name. */
export type UnaryFunction =
  | { readonly fn: PlainFunction }
  /** min(max(x, min), max); a bound left out does not clip. Bounds beyond an integer format are its ends. */
  | { readonly fn: "clip"; readonly min?: number; readonly max?: number }
  /** 1 where min < x < max, else 0, as of NaN. A bound left out is infinite. The derivative of clip, in terms of its result. */
  | { readonly fn: "within"; readonly min?: number; readonly max?: number }
  | { readonly fn: "leakyRelu" | "elu" | "celu" | "thresholdedRelu"; readonly alpha: number }
  | { readonly fn: "selu"; readonly alpha: number; readonly gamma: number }
  | { readonly fn: "hardSigmoid"; readonly alpha: number; readonly beta: number }
  /** x * sigmoid(alpha * x); alpha 1 is SiLU. */
  | { readonly fn: "swish"; readonly alpha: number }
  | { readonly fn: "shrink"; readonly lambda: number; readonly bias: number }
  | { readonly fn: "gelu"; readonly approximate: "none" | "tanh" };

export interface UnaryAttributes {
  readonly function: UnaryFunction;
}

const parameters: { readonly [F in Exclude<UnaryFunction["fn"], PlainFunction>]: readonly string[] } = {
  clip: [],
  within: [],
  leakyRelu: ["alpha"],
  elu: ["alpha"],
  celu: ["alpha"],
  thresholdedRelu: ["alpha"],
  selu: ["alpha", "gamma"],
  hardSigmoid: ["alpha", "beta"],
  swish: ["alpha"],
  shrink: ["lambda", "bias"],
  gelu: [],
};

function isPlain(fn: string): fn is PlainFunction {
  return Object.hasOwn(plain, fn);
}

export function checkUnaryFunction(spec: KernelSpec, field: string, value: UnaryFunction): void {
  const { fn } = value;
  if (isPlain(fn)) return;
  check(Object.hasOwn(parameters, fn), spec, `${field}.fn`, `is unknown: ${fn}`);
  const given = new Map<string, unknown>(Object.entries(value));
  for (const name of parameters[fn])
    check(Number.isFinite(given.get(name)), spec, `${field}.${name}`, "must be a finite number");
  if (value.fn === "clip" || value.fn === "within")
    for (const bound of [value.min, value.max])
      check(bound === undefined || !Number.isNaN(bound), spec, field, "must not have NaN for a bound");
  if (value.fn === "gelu")
    check(
      value.approximate === "none" || value.approximate === "tanh",
      spec,
      `${field}.approximate`,
      "must be none or tanh",
    );
}

function functionTolerance(value: UnaryFunction): Tolerance {
  if (isPlain(value.fn)) return plain[value.fn];
  switch (value.fn) {
    case "clip":
    case "within":
    case "thresholdedRelu":
      return exact;
    case "leakyRelu":
    case "shrink":
      return ulps(1);
    case "hardSigmoid":
      return ulps(2, 2 ** -24);
    case "elu":
    case "celu":
    case "selu":
      return ulps(8, 2 ** -21);
    default:
      return ulps(48, 2 ** -21);
  }
}

const onIntegers: readonly UnaryFunction["fn"][] = [
  "identity",
  "abs",
  "neg",
  "sign",
  "relu",
  "clip",
  "bitwiseNot",
];
const toBool: readonly UnaryFunction["fn"][] = ["isNaN", "isInf", "not"];

export const unary: OpDefinition<"unary"> = {
  op: "unary",
  summary: "one function of each element",
  onnx: [
    "Abs",
    "Neg",
    "Exp",
    "Log",
    "Sqrt",
    "Relu",
    "Sigmoid",
    "Tanh",
    "Erf",
    "Gelu",
    "Clip",
    "LeakyRelu",
    "HardSwish",
  ],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    checkComputable(spec, "inputs[0].dtype", dtype);
    const value = spec.attributes.function;
    checkUnaryFunction(spec, "attributes.function", value);
    const { fn } = value;
    const suits =
      fn === "identity" ||
      (fn === "not"
        ? dtype === "bool"
        : isFloat(dtype)
          ? fn !== "bitwiseNot"
          : dtype !== "bool" && onIntegers.includes(fn));
    check(suits, spec, "inputs[0].dtype", `of ${fn} must not be ${dtype}`);
    if (value.fn === "clip" && !isFloat(dtype))
      for (const bound of [value.min ?? 0, value.max ?? 0])
        check(
          Number.isInteger(bound) || Math.abs(bound) === Number.POSITIVE_INFINITY,
          spec,
          "attributes.function",
          `must clip ${dtype} at integers, not at ${bound}`,
        );
    return [{ dtype: toBool.includes(fn) ? "bool" : dtype, shape }];
  },
  operands(spec) {
    const { dtype } = input(spec);
    return { activation: dtype, output: toBool.includes(spec.attributes.function.fn) ? "bool" : dtype };
  },
  operations: (spec) => size(input(spec).shape),
  tolerance: (spec) => (isFloat(input(spec).dtype) ? functionTolerance(spec.attributes.function) : exact),
};

/** Names of all functions without parameters, for tables and tests. */
export const plainFunctions = Object.keys(plain).filter(isPlain);
