/** Operators of one tensor that compute element by element. */
import type { PlainFunction } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { getFloat, getInt, getString } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { activations } from "./activation.ts";
import { binary, binaryNumber, filled, isFloat, unary } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { cast } from "./moves.ts";

function plain(fn: PlainFunction): Operator {
  return (context) => [unary(context, fn, context.input(0))];
}

/** A function whose parameters are attributes. */
function parametrized(name: keyof typeof activations): Operator {
  return (context) => {
    const value = activations[name]((parameter, fallback) => getFloat(context.node, parameter, fallback));
    return [unary(context, value, context.input(0))];
  };
}

/** For functions that kernels have of floats alone: integers go through float64 and lose their fraction on the way back. */
function throughFloat(operator: (context: Lowering, x: Value) => Value): Operator {
  return (context) => {
    const x = context.input(0);
    const { dtype } = x.type;
    return [
      isFloat(dtype)
        ? operator(context, x)
        : cast(context, operator(context, cast(context, x, "float64")), dtype),
    ];
  };
}

const gelu: Operator = (context) => {
  const approximate = getString(context.node, "approximate", "none");
  if (approximate !== "none" && approximate !== "tanh")
    return context.fail(
      `has the attribute approximate = ${JSON.stringify(approximate)}; use "none" or "tanh"`,
    );
  return [unary(context, { fn: "gelu", approximate }, context.input(0))];
};

/** Bounds are attributes before opset 11, and optional inputs of one element from then on. */
const clip: Operator = (context) => {
  const x = context.input(0);
  if (context.opset < 11) {
    const { min, max } = dtypes.float32;
    const bounds = { min: getFloat(context.node, "min", min), max: getFloat(context.node, "max", max) };
    return [unary(context, { fn: "clip", ...bounds }, x)];
  }
  const [low, high] = [bound(context, 1), bound(context, 2)];
  if (low.known && high.known) {
    const min = low.number === undefined ? {} : { min: low.number };
    const max = high.number === undefined ? {} : { max: high.number };
    return [unary(context, { fn: "clip", ...min, ...max }, x)];
  }
  // Not min(max, ...) of infinities: a bound that is left out has no number in an integer format.
  const raised = context.has(1) ? binary(context, "max", x, scalarInput(context, 1)) : x;
  return [context.has(2) ? binary(context, "min", raised, scalarInput(context, 2)) : raised];
};

/** 1 where min < x < max, of constant bounds: an operator of the internal domain, for gradients. */
export const within: Operator = (context) => {
  const bounds = {
    ...(context.has(1) && { min: context.scalar(1) }),
    ...(context.has(2) && { max: context.scalar(2) }),
  };
  return [unary(context, { fn: "within", ...bounds }, context.input(0))];
};

/** Whether a kernel can take a bound as a parameter: it is left out, or a constant that a double holds exactly. */
function bound(context: Lowering, index: number): { readonly known: boolean; readonly number?: number } {
  if (!context.has(index)) return { known: true };
  if (context.input(index).constant === undefined) return { known: false };
  const value = context.scalar(index);
  const usable = isFloat(context.input(index).type.dtype)
    ? !Number.isNaN(value)
    : Number.isSafeInteger(value);
  return usable ? { known: true, number: value } : { known: false };
}

/** An input of one element without its dimensions, so that it broadcasts to anything. */
function scalarInput(context: Lowering, index: number): Value {
  return context.reshape(context.input(index), []);
}

/** Formats below 16 bits are widened, which keeps NaN and infinity. */
function widened(context: Lowering): Value {
  const x = context.input(0);
  return dtypes[x.type.dtype].bits < 16 ? cast(context, x, "float32") : x;
}

const isInf: Operator = (context) => {
  const x = widened(context);
  const positive = getInt(context.node, "detect_positive", 1) !== 0;
  const negative = getInt(context.node, "detect_negative", 1) !== 0;
  if (positive && negative) return [unary(context, "isInf", x)];
  if (!positive && !negative) return [context.known(filled("bool", x.type.shape, 0))];
  const sided = binaryNumber(context, positive ? "greater" : "less", x, 0);
  return [binary(context, "and", unary(context, "isInf", x), sided)];
};

export const elementwise: OperatorTable = {
  Abs: plain("abs"),
  Acos: plain("acos"),
  Acosh: plain("acosh"),
  Asin: plain("asin"),
  Asinh: plain("asinh"),
  Atan: plain("atan"),
  Atanh: plain("atanh"),
  BitwiseNot: plain("bitwiseNot"),
  Ceil: plain("ceil"),
  Cos: plain("cos"),
  Cosh: plain("cosh"),
  Erf: throughFloat((context, x) => unary(context, "erf", x)),
  Exp: plain("exp"),
  Floor: plain("floor"),
  HardSwish: plain("hardSwish"),
  IsNaN: (context) => [unary(context, "isNaN", widened(context))],
  Log: plain("log"),
  Mish: plain("mish"),
  Neg: plain("neg"),
  Not: plain("not"),
  Reciprocal: plain("reciprocal"),
  Relu: plain("relu"),
  Round: plain("round"),
  Sigmoid: plain("sigmoid"),
  Sign: plain("sign"),
  Sin: plain("sin"),
  Sinh: plain("sinh"),
  Softplus: plain("softplus"),
  Softsign: plain("softsign"),
  Sqrt: plain("sqrt"),
  Tan: plain("tan"),
  Tanh: plain("tanh"),

  Celu: parametrized("celu"),
  Elu: parametrized("elu"),
  HardSigmoid: parametrized("hardsigmoid"),
  LeakyRelu: parametrized("leakyrelu"),
  Selu: parametrized("selu"),
  Shrink: throughFloat((context, x) => {
    const { node } = context;
    const parameters = { lambda: getFloat(node, "lambd", 0.5), bias: getFloat(node, "bias", 0) };
    return unary(context, { fn: "shrink", ...parameters }, x);
  }),
  Swish: parametrized("swish"),
  ThresholdedRelu: parametrized("thresholdedrelu"),
  Gelu: gelu,
  Clip: clip,
  IsInf: isInf,
};
