/** Operators that make axes disappear, or 1: the Reduce family, ArgMax and ArgMin. */
import type { ElementType } from "../tensor/formats.ts";
import type { MaybeDim } from "./dim.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { axesOf } from "./reshaping.ts";
import { ofRank, type Shape, tensor } from "./value.ts";

/** @param since version in which the axes became an input */
function reduction(since: number): Rule {
  return (op) => {
    const { dtype, shape } = op.input(0);
    const keep = op.int("keepdims", 1) !== 0;
    const isGiven = op.version < since ? op.hasAttribute("axes") : op.has(1);
    const axes = axesOf(op, 1, since);
    if (isGiven && axes === undefined) return [tensor(dtype, keep ? ofRank(shape?.length) : undefined)];
    if (axes === undefined || axes.length === 0) {
      if (op.int("noop_with_empty_axes", 0) !== 0) return [tensor(dtype, shape)];
      return [tensor(dtype, keep ? shape?.map(() => 1) : [])];
    }
    return [tensor(dtype, reduced(op, shape, axes, keep))];
  };
}

function reduced(
  op: Op,
  shape: Shape | undefined,
  axes: readonly number[],
  keep: boolean,
): Shape | undefined {
  if (shape === undefined) return undefined;
  const gone = new Set(axes.map((axis) => op.axis(axis, shape.length)));
  const result: MaybeDim[] = [];
  for (const [axis, dim] of shape.entries()) {
    if (!gone.has(axis)) result.push(dim);
    else if (keep) result.push(1);
  }
  return result;
}

function argument(dtype: ElementType): Rule {
  return (op) => [tensor(dtype, reduced(op, op.shape(0), [op.int("axis", 0)], op.int("keepdims", 1) !== 0))];
}

/** ReduceSum had its axes as an input five versions before the others. */
const names = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"];

export const reducingRules: Rules = {
  ReduceSum: reduction(13),
  ...Object.fromEntries(names.map((name) => [`Reduce${name}`, reduction(18)])),
  ArgMax: argument("int64"),
  ArgMin: argument("int64"),
};
