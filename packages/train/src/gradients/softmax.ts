/** Gradients of softmax and its logarithm, in terms of their results. */
import { normalizeAxis } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import type { Backward, GradientTable } from "./rule.ts";

const axisOf = (b: Backward) => normalizeAxis(getInt(b.node, "axis", -1), b.dy.shape.length);

export const softmax: GradientTable = {
  // y (dy - sum(y dy))
  Softmax: (b) => {
    const { ops, dy } = b;
    const y = b.outputs[0]!;
    return [ops.mul(y, ops.sub(dy, ops.sum(ops.mul(y, dy), [axisOf(b)])))];
  },
  // dy - softmax sum(dy)
  LogSoftmax: (b) => {
    const { ops, dy } = b;
    return [ops.sub(dy, ops.mul(ops.unary("Exp", b.outputs[0]!), ops.sum(dy, [axisOf(b)])))];
  },
};
