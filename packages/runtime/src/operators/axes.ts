/** Axes as ONNX gives them: negative ones count from the end. */
import type { Lowering } from "../operator.ts";

/** An axis of a tensor of this rank, counted from the front. */
export function axisOf(context: Lowering, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    context.fail(`has no axis ${axis}: its tensor has ${rank} dimensions`);
  return axis < 0 ? axis + rank : axis;
}

/** Several axes, in the order given. */
export function axesOf(context: Lowering, axes: readonly number[], rank: number): number[] {
  const result = axes.map((axis) => axisOf(context, axis, rank));
  if (new Set(result).size !== result.length) context.fail(`names an axis twice: [${axes.join(", ")}]`);
  return result;
}

export function everyAxis(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}
