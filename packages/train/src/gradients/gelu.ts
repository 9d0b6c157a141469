/** Gradients of Gelu in its forms (Hendrycks and Gimpel 2016), each of which is one pass forwards and one backwards. */
import { getFloat, getString } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Ops } from "../graph/ops.ts";
import { derivative } from "./functions.ts";
import type { GradientTable } from "./rule.ts";

/** y = x P(x) with the distribution P of the normal: P(x) + x exp(-x^2 / 2) / sqrt(2 pi). */
function exact(ops: Ops, x: Value): Value {
  const distribution = ops.scale(ops.shift(ops.unary("Erf", ops.scale(x, Math.SQRT1_2)), 1), 0.5);
  const density = ops.scale(ops.unary("Exp", ops.scale(ops.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return ops.add(distribution, ops.mul(x, density));
}

/** y = x (1 + t) / 2 with t = tanh(u), u = c (x + 0.044715 x^3): (1 + t) / 2 + x (1 - t^2) u' / 2. */
function approximate(ops: Ops, x: Value): Value {
  const c = Math.sqrt(2 / Math.PI);
  const square = ops.mul(x, x);
  const t = ops.unary("Tanh", ops.mul(x, ops.shift(ops.scale(square, c * 0.044715), c)));
  const slope = ops.shift(ops.scale(square, 3 * 0.044715 * c), c);
  const curve = ops.mul(ops.mul(x, ops.shift(ops.neg(ops.mul(t, t)), 1)), slope);
  return ops.scale(ops.add(ops.shift(t, 1), curve), 0.5);
}

export const gelu: GradientTable = {
  Gelu: derivative(({ ops, node }, x) =>
    getString(node, "approximate", "none") === "tanh" ? approximate(ops, x) : exact(ops, x),
  ),
  "com.microsoft.Gelu": derivative(({ ops }, x) => exact(ops, x)),
  // y = x s, where s = sigmoid(alpha x): s + alpha y (1 - s).
  "com.microsoft.QuickGelu": derivative(({ ops, node }, x, y) => {
    const alpha = getFloat(node, "alpha", 1.702);
    const s = ops.unary("Sigmoid", ops.scale(x, alpha));
    return ops.add(s, ops.mul(ops.scale(y, alpha), ops.shift(ops.neg(s), 1)));
  }),
};
