/** Gradients of functions of one element. Written so that a chain of elementwise kernels computes each in one pass. */
import { getFloat } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Ops } from "../graph/ops.ts";
import type { Backward, GradientRule, GradientTable } from "./rule.ts";

/** dy times the derivative, which is written in terms of the input and the result. */
export function derivative(make: (b: Backward, x: Value, y: Value) => Value): GradientRule {
  return (b) => [b.ops.mul(b.dy, make(b, b.input(0), b.outputs[0]!))];
}

/**
 * 1 where a clipped value equals the value, else 0: inside of the bounds, ends included. In functions that chains have,
 * without a comparison: 1 - |sign(x - clipped)|.
 */
export function inside({ ops }: Backward, x: Value, clipped: Value): Value {
  return ops.shift(ops.neg(ops.unary("Abs", ops.unary("Sign", ops.sub(x, clipped)))), 1);
}

/**
 * Told by the result alone, so that what is clipped need not be kept: it is between the bounds where nothing was clipped.
 * Where it equals a bound, the gradient goes to the bound; a minimum above the maximum yields to it.
 */
function clip(b: Backward): readonly (Value | undefined)[] {
  const { ops, dy, inputs } = b;
  const y = b.outputs[0]!;
  const [, min, max] = inputs;
  // 1 where the result is off a bound, else 0.
  const off = (bound: Value) => ops.unary("Abs", ops.unary("Sign", ops.sub(y, bound)));
  const on = (bound: Value) => ops.shift(ops.neg(off(bound)), 1);
  const times = (factors: readonly Value[]) =>
    factors.reduce((product, factor) => ops.mul(product, factor), dy);
  const bounds = [min, max].filter((bound) => bound !== undefined);
  const belowMax = max === undefined ? [] : [off(max)];
  return [
    b.needs(0) ? times(bounds.map(off)) : undefined,
    min && b.needs(1) ? ops.sumTo(times([on(min), ...belowMax]), min.shape) : undefined,
    max && b.needs(2) ? ops.sumTo(times([on(max)]), max.shape) : undefined,
  ];
}

function square(ops: Ops, x: Value): Value {
  return ops.mul(x, x);
}

export const functions: GradientTable = {
  Identity: ({ dy }) => [dy],
  Neg: ({ ops, dy }) => [ops.neg(dy)],
  Abs: derivative(({ ops }, x) => ops.unary("Sign", x)),
  Exp: derivative((_, __, y) => y),
  Log: ({ ops, dy, input }) => [ops.div(dy, input(0))],
  Sqrt: ({ ops, dy, outputs }) => [ops.div(ops.scale(dy, 0.5), outputs[0]!)],
  Reciprocal: derivative(({ ops }, _, y) => ops.neg(ops.mul(y, y))),
  Sigmoid: derivative(({ ops }, _, y) => ops.mul(y, ops.shift(ops.neg(y), 1))),
  Tanh: derivative(({ ops }, _, y) => ops.shift(ops.neg(ops.mul(y, y)), 1)),
  // 2 / sqrt(pi) * exp(-x^2)
  Erf: derivative(({ ops }, x) =>
    ops.scale(ops.unary("Exp", ops.neg(ops.mul(x, x))), 2 / Math.sqrt(Math.PI)),
  ),
  Sin: derivative(({ ops }, x) => ops.unary("Cos", x)),
  Cos: derivative(({ ops }, x) => ops.neg(ops.unary("Sin", x))),
  Softplus: derivative(({ ops }, x) => ops.unary("Sigmoid", x)),
  // The result is never negative: its sign is 1 exactly where the input is positive.
  Relu: derivative(({ ops }, _, y) => ops.unary("Sign", y)),
  LeakyRelu: (b) => {
    const positive = b.ops.unary("Sign", b.ops.unary("Relu", b.input(0)));
    const alpha = getFloat(b.node, "alpha", 0.01);
    return [b.ops.mul(b.dy, b.ops.shift(b.ops.scale(positive, 1 - alpha), alpha))];
  },
  Elu: (b) => {
    // y + alpha below zero, 1 above.
    const { ops } = b;
    const alpha = getFloat(b.node, "alpha", 1);
    const positive = ops.unary("Sign", ops.unary("Relu", b.input(0)));
    const negative = ops.shift(ops.neg(positive), 1);
    const below = ops.mul(negative, ops.shift(b.outputs[0]!, alpha));
    return [ops.mul(b.dy, ops.add(positive, below))];
  },
  Clip: clip,
  HardSigmoid: (b) => {
    const { ops } = b;
    const alpha = getFloat(b.node, "alpha", 0.2);
    const line = ops.shift(ops.scale(b.input(0), alpha), getFloat(b.node, "beta", 0.5));
    return [ops.mul(b.dy, ops.scale(inside(b, line, b.outputs[0]!), alpha))];
  },
  Tan: derivative(({ ops }, _, y) => ops.shift(ops.mul(y, y), 1)),
  Asin: ({ ops, dy, input }) => [
    ops.div(dy, ops.unary("Sqrt", ops.shift(ops.neg(square(ops, input(0))), 1))),
  ],
  Acos: ({ ops, dy, input }) => [
    ops.neg(ops.div(dy, ops.unary("Sqrt", ops.shift(ops.neg(square(ops, input(0))), 1)))),
  ],
  Atan: ({ ops, dy, input }) => [ops.div(dy, ops.shift(square(ops, input(0)), 1))],
  Sinh: derivative(({ ops }, x) => ops.unary("Cosh", x)),
  Cosh: derivative(({ ops }, x) => ops.unary("Sinh", x)),
  Asinh: ({ ops, dy, input }) => [ops.div(dy, ops.unary("Sqrt", ops.shift(square(ops, input(0)), 1)))],
  Acosh: ({ ops, dy, input }) => [ops.div(dy, ops.unary("Sqrt", ops.shift(square(ops, input(0)), -1)))],
  Atanh: ({ ops, dy, input }) => [ops.div(dy, ops.shift(ops.neg(square(ops, input(0))), 1))],
  // Steps: flat wherever they have a derivative.
  Round: () => [undefined],
  Floor: () => [undefined],
  Ceil: () => [undefined],
  Sign: () => [undefined],
  // Of the shape alone.
  EyeLike: () => [undefined],
};
