/** Gradients of activations. Written so that a chain of elementwise kernels computes each in one pass. */
import { getFloat } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import { derivative } from "./functions.ts";
import type { Backward, GradientTable } from "./rule.ts";

/** 1 - x */
const without = ({ ops }: Backward, x: Value) => ops.shift(ops.neg(x), 1);

export const activations: GradientTable = {
  PRelu: (b) => {
    const { ops, dy } = b;
    const [x, slope] = [b.input(0), b.input(1)];
    const above = ops.above(x, 0);
    const below = ops.mul(without(b, above), slope);
    const dx = () => ops.mul(dy, ops.add(above, below));
    const dSlope = () => ops.sumTo(ops.mul(dy, ops.clip(x, undefined, 0)), slope.shape);
    return [b.needs(0) ? dx() : undefined, b.needs(1) ? dSlope() : undefined];
  },
  // y = x h(x), where h is a line between 0 and 1 of the slope 1/6.
  HardSwish: derivative((b, x) => {
    const { ops } = b;
    const h = ops.clip(ops.shift(ops.scale(x, 1 / 6), 0.5), 0, 1);
    const onLine = ops.between(x, ops.scalar(-3, x.dtype), ops.scalar(3, x.dtype));
    return ops.add(h, ops.mul(ops.scale(x, 1 / 6), onLine));
  }),
  // y = x t, where t = tanh(softplus(x)).
  Mish: derivative((b, x) => {
    const { ops } = b;
    const t = ops.unary("Tanh", ops.unary("Softplus", x));
    const slope = ops.mul(without(b, ops.mul(t, t)), ops.unary("Sigmoid", x));
    return ops.add(t, ops.mul(x, slope));
  }),
  // exp(x / alpha) is y / alpha + 1 below zero.
  Celu: derivative(({ ops, node }, _, y) =>
    ops.shift(ops.scale(ops.clip(y, undefined, 0), 1 / getFloat(node, "alpha", 1)), 1),
  ),
  // gamma above zero, y + gamma alpha below.
  Selu: derivative((b, x, y) => {
    const { ops, node } = b;
    const alpha = getFloat(node, "alpha", 1.6732631921768188);
    const gamma = getFloat(node, "gamma", 1.0507010221481323);
    const above = ops.above(x, 0);
    const below = ops.mul(without(b, above), ops.shift(y, gamma * alpha));
    return ops.add(ops.scale(above, gamma), below);
  }),
  ThresholdedRelu: derivative(({ ops, node }, x) => ops.above(x, getFloat(node, "alpha", 1))),
  // (1 - |y|)^2
  Softsign: derivative((b, _, y) => {
    const rest = without(b, b.ops.unary("Abs", y));
    return b.ops.mul(rest, rest);
  }),
  Shrink: derivative(({ ops, node }, x) => ops.above(ops.unary("Abs", x), getFloat(node, "lambd", 0.5))),
  // y = x s, where s = sigmoid(alpha x): s + alpha y (1 - s).
  Swish: derivative((b, x, y) => {
    const { ops } = b;
    const alpha = getFloat(b.node, "alpha", 1);
    const s = ops.unary("Sigmoid", ops.scale(x, alpha));
    return ops.add(s, ops.mul(ops.scale(y, alpha), without(b, s)));
  }),
};
