/** Operators of two or more tensors that compute element by element, with broadcasting. */
import type { BinaryFunction } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import { findAttribute, getInt, getString } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { binary, binaryNumber, isFloat, unary, where } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { cast } from "./moves.ts";

function pair(fn: BinaryFunction): Operator {
  return (context) => {
    const [a, b] = operands(context);
    return [binary(context, fn, a, b)];
  };
}

function operands(context: Lowering): [Value, Value] {
  if (context.opset < 7 && findAttribute(context.node, "broadcast") !== undefined)
    context.fail(`of opset ${context.opset} broadcasts by attributes; convert the model to opset 7 or newer`);
  return [context.input(0), context.input(1)];
}

/** One function folded over any number of tensors. */
function fold(fn: BinaryFunction, end = (_: Lowering, total: Value): Value => total): Operator {
  return (context) => {
    const [first, ...others] = context.node.input.map((_, i) => context.input(i));
    if (first === undefined) return context.fail("needs at least one input");
    const total = others.reduce((sum, next) => binary(context, fn, sum, next), first);
    return [end(context, total)];
  };
}

/** The power has the format of the base, the exponent one of its own. */
const pow: Operator = (context) => {
  const [base, exponent] = operands(context);
  const { dtype } = base.type;
  if (exponent.type.dtype === dtype) return [binary(context, "pow", base, exponent)];
  if (isFloat(dtype)) return [binary(context, "pow", base, cast(context, exponent, dtype))];
  // Integers of any width wrap alike, so 64 bits serve all; a float exponent makes a float power, cut off at the end.
  const common = isFloat(exponent.type.dtype) ? "float64" : "int64";
  const power = binary(context, "pow", cast(context, base, common), cast(context, exponent, common));
  return [cast(context, power, dtype)];
};

const mod: Operator = (context) => {
  const [a, b] = operands(context);
  return [binary(context, getInt(context.node, "fmod", 0) === 0 ? "mod" : "fmod", a, b)];
};

const unsigned = { int8: "uint8", int16: "uint16", int32: "uint32", int64: "uint64" } as const;

const bitShift: Operator = (context) => {
  const [x, amount] = operands(context);
  const direction = getString(context.node, "direction");
  if (direction === "LEFT") return [binary(context, "shiftLeft", x, amount)];
  if (direction !== "RIGHT")
    context.fail(`has the direction ${JSON.stringify(direction)}; use "LEFT" or "RIGHT"`);
  const { dtype } = x.type;
  if (dtype !== "int8" && dtype !== "int16" && dtype !== "int32" && dtype !== "int64")
    return [binary(context, "shiftRight", x, amount)];
  // Shifts by the width or more, and negative ones, leave nothing but the sign: as unsigned numbers all are too large.
  const positive = cast(context, amount, unsigned[dtype]);
  const clamped = unary(context, { fn: "clip", max: dtypes[dtype].bits - 1 }, positive);
  return [binary(context, "shiftRight", x, cast(context, clamped, dtype))];
};

export const pairs: OperatorTable = {
  Add: pair("add"),
  And: pair("and"),
  BitShift: bitShift,
  BitwiseAnd: pair("bitwiseAnd"),
  BitwiseOr: pair("bitwiseOr"),
  BitwiseXor: pair("bitwiseXor"),
  Div: pair("div"),
  Equal: pair("equal"),
  Greater: pair("greater"),
  GreaterOrEqual: pair("greaterOrEqual"),
  Less: pair("less"),
  LessOrEqual: pair("lessOrEqual"),
  Max: fold("max"),
  Mean: (context) => {
    const count = context.node.input.length;
    return fold("add", (_, total) => (count === 1 ? total : binaryNumber(context, "div", total, count)))(
      context,
    );
  },
  Min: fold("min"),
  Mod: mod,
  Mul: pair("mul"),
  Or: pair("or"),
  Pow: pow,
  PRelu: pair("prelu"),
  Sub: pair("sub"),
  Sum: fold("add"),
  Where: (context) => [where(context, context.input(0), context.input(1), context.input(2))],
  Xor: pair("xor"),
};
