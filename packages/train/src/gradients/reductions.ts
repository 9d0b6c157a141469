/** Gradients of sums and extremes over axes. */
import { elementCount, normalizeAxis } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Backward, GradientTable } from "./rule.ts";

/** Axes that are reduced, ascending: those of the second input, or all. */
function axesOf(b: Backward): number[] {
  const { shape } = b.input(0);
  const given = b.inputs[1];
  const axes = given === undefined ? [] : b.content(1, "axes");
  if (axes.length === 0)
    return getInt(b.node, "noop_with_empty_axes", 0) === 0 ? shape.map((_, axis) => axis) : [];
  return axes.map((axis) => normalizeAxis(axis, shape.length)).sort((x, y) => x - y);
}

/** A result, or its gradient, with the reduced axes at length 1. */
function kept(b: Backward, y: Value, axes: readonly number[] = axesOf(b)): Value {
  return b.ops.reshape(
    y,
    b.input(0).shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
}

/** Where there are several extremes, each gets an equal part. */
export function extreme(b: Backward, axes: readonly number[]): Value {
  const { ops, dy } = b;
  const x = b.input(0);
  const isExtreme = ops.compare("Equal", x, kept(b, b.outputs[0]!, axes));
  const ones = ops.where(isExtreme, ops.scalar(1, x.dtype), ops.scalar(0, x.dtype));
  return ops.mul(ones, ops.div(kept(b, dy, axes), ops.sum(ones, axes)));
}

export const reductions: GradientTable = {
  ReduceSum: (b) => [b.ops.expand(kept(b, b.dy), b.input(0).shape)],
  ReduceMean: (b) => {
    const count = elementCount(b.input(0).shape) / Math.max(1, elementCount(b.outputs[0]!.shape));
    return [b.ops.expand(b.ops.scale(kept(b, b.dy), 1 / count), b.input(0).shape)];
  },
  ReduceSumSquare: (b) => [b.ops.mul(b.ops.scale(b.input(0), 2), kept(b, b.dy))],
  ReduceL2: (b) => [b.ops.mul(b.input(0), b.ops.div(kept(b, b.dy), kept(b, b.outputs[0]!)))],
  ReduceL1: (b) => [b.ops.mul(b.ops.unary("Sign", b.input(0)), kept(b, b.dy))],
  ReduceLogSum: (b) => [
    b.ops.expand(b.ops.div(kept(b, b.dy), b.ops.unary("Exp", kept(b, b.outputs[0]!))), b.input(0).shape),
  ],
  // exp(x - y), the softmax
  ReduceLogSumExp: (b) => [
    b.ops.mul(kept(b, b.dy), b.ops.unary("Exp", b.ops.sub(b.input(0), kept(b, b.outputs[0]!)))),
  ],
  ReduceMax: (b) => [extreme(b, axesOf(b))],
  ReduceMin: (b) => [extreme(b, axesOf(b))],
};
