/** Gradients of operators that pick elements by index: each goes back to where it came from, and adds up there. */
import { normalizeAxis } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Backward, GradientTable } from "./rule.ts";

const axisOf = (b: Backward, fallback: number) =>
  normalizeAxis(getInt(b.node, "axis", fallback), b.input(0).shape.length);

/** Zeros like the first input, with the gradient added at indices that have its shape. */
function scattered(b: Backward, indices: Value, axis: number): Value {
  const x = b.input(0);
  const attributes = { axis: BigInt(axis), reduction: "add" };
  return b.ops.emit("ScatterElements", [b.ops.zeros(x), indices, b.dy], [x], attributes)[0]!;
}

export const selection: GradientTable = {
  Gather: (b) => {
    const axis = axisOf(b, 0);
    return [b.ops.gatherGrad(b.input(1), b.dy, axis, b.input(0).shape[axis] ?? 0)];
  },
  GatherElements: (b) => [scattered(b, b.input(1), axisOf(b, 0))],
  GatherND: (b) => {
    if (getInt(b.node, "batch_dims", 0) !== 0) b.fail("it has batch_dims; use Gather");
    const x = b.input(0);
    const operands = [b.ops.zeros(x), b.input(1), b.dy];
    return [b.ops.emit("ScatterND", operands, [x], { reduction: "add" })[0]];
  },
  TopK: (b) => [scattered(b, b.outputs[1] ?? b.fail("it needs both outputs"), axisOf(b, -1))],
  CumSum: (b) => {
    const attributes = {
      exclusive: BigInt(getInt(b.node, "exclusive", 0)),
      reverse: BigInt(1 - getInt(b.node, "reverse", 0)),
    };
    return [b.ops.emit("CumSum", [b.dy, b.input(1)], [b.dy], attributes)[0]];
  },
};
