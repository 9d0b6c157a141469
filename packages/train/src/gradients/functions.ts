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
 * Told by the result alone, so that what is clipped need not be kept: it is between the bounds where nothing was clipped.
 * Where it equals a bound, the gradient goes to the bound; a minimum above the maximum yields to it.
 */
function clip(b: Backward): readonly (Value | undefined)[] {
  const { ops, dy, inputs } = b;
  const y = b.outputs[0]!;
  const [, min, max] = inputs;
  const bounds = [min, max].filter((bound) => bound !== undefined);
  // 1 where the result is off a bound, else 0.
  const off = (bound: Value) => ops.unary("Abs", ops.unary("Sign", ops.sub(y, bound)));
  const on = (bound: Value) => ops.shift(ops.neg(off(bound)), 1);
  const times = (factors: readonly Value[]) =>
    factors.reduce((product, factor) => ops.mul(product, factor), dy);
  const areKnown = bounds.every((bound) => ops.content(bound) !== undefined);
  const dx = () => (areKnown ? ops.mul(dy, ops.between(y, min, max)) : times(bounds.map(off)));
  const dMin = ({ shape }: Value) => ops.sumTo(times([on(min!), ...(max ? [off(max)] : [])]), shape);
  const dMax = ({ shape }: Value) => ops.sumTo(times([on(max!)]), shape);
  return [
    b.needs(0) ? dx() : undefined,
    min && b.needs(1) ? dMin(min) : undefined,
    max && b.needs(2) ? dMax(max) : undefined,
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
  // The result is positive exactly where the input is, which need not be kept.
  Relu: derivative(({ ops }, _, y) => ops.above(y, 0)),
  LeakyRelu: (b) => {
    const positive = b.ops.above(b.input(0), 0);
    const alpha = getFloat(b.node, "alpha", 0.01);
    return [b.ops.mul(b.dy, b.ops.shift(b.ops.scale(positive, 1 - alpha), alpha))];
  },
  Elu: (b) => {
    // y + alpha below zero, 1 above.
    const { ops } = b;
    const alpha = getFloat(b.node, "alpha", 1);
    const positive = ops.above(b.input(0), 0);
    const negative = ops.shift(ops.neg(positive), 1);
    const below = ops.mul(negative, ops.shift(b.outputs[0]!, alpha));
    return [ops.mul(b.dy, ops.add(positive, below))];
  },
  Clip: clip,
  HardSigmoid: derivative(({ ops, node }, _, y) => {
    const inside = ops.between(y, ops.scalar(0, y.dtype), ops.scalar(1, y.dtype));
    return ops.scale(inside, getFloat(node, "alpha", 0.2));
  }),
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
