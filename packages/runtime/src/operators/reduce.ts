/** The Reduce operators. */
import type { ReduceFunction } from "@bitbudget/backend";
import { findAttribute, getInt, getInts } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import { axesOf, everyAxis } from "./axes.ts";
import type { OperatorTable } from "./index.ts";

const ofOne: ReadonlySet<ReduceFunction> = new Set(["sum", "mean", "prod", "max", "min"]);

function reduce(fn: ReduceFunction): Operator {
  return (context) => {
    const x = context.input(0);
    const axes = reducedAxes(context, x.type.shape.length);
    const keepDims = getInt(context.node, "keepdims", 1) !== 0;
    const { shape } = x.type;
    // One element is its own sum, mean and extreme.
    if (ofOne.has(fn) && axes.every((axis) => shape[axis] === 1))
      return [context.reshape(x, keepDims ? shape : shape.filter((_, axis) => !axes.includes(axis)))];
    const attributes = { function: fn, axes, keepDims };
    return [context.kernel({ op: "reduce", inputs: [x.type], attributes }, [x])];
  };
}

/** Axes are an input from opset 18 on (ReduceSum: 13), an attribute before. None stands for all, unless told otherwise. */
function reducedAxes(context: Lowering, rank: number): number[] {
  const { node } = context;
  const named = findAttribute(node, "axes") === undefined ? [] : getInts(node, "axes");
  const axes = axesOf(context, context.has(1) ? context.integers(1) : named, rank);
  if (axes.length > 0) return axes.sort((a, b) => a - b);
  return getInt(node, "noop_with_empty_axes", 0) === 0 ? everyAxis(rank) : [];
}

export const reductions: OperatorTable = {
  ReduceSum: reduce("sum"),
  ReduceMean: reduce("mean"),
  ReduceMax: reduce("max"),
  ReduceMin: reduce("min"),
  ReduceProd: reduce("prod"),
  ReduceL1: reduce("l1"),
  ReduceL2: reduce("l2"),
  ReduceSumSquare: reduce("sumSquare"),
  ReduceLogSum: reduce("logSum"),
  ReduceLogSumExp: reduce("logSumExp"),
};
