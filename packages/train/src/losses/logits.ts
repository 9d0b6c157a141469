/** What losses over classes share: the logits with their axis of classes, and which positions count. */
import { elementCount, normalizeAxis } from "@bitbudget/core";
import type { Value } from "../graph/builder.ts";
import type { Ops } from "../graph/ops.ts";
import type { LossContext } from "../graph/step.ts";

export interface ClassOptions {
  /** Name of the model's value before softmax: [samples, classes], [samples, positions, classes] and the like. */
  readonly logits: string;
  /** Axis of the classes. Default -1. */
  readonly axis?: number;
  /** Name of a target of weights, one for each position: 0 where it does not count. Default: all count the same. */
  readonly mask?: string;
}

export interface Logits {
  readonly z: Value;
  readonly axis: number;
  readonly classes: number;
  /** Shape of what has one element for each position: that of the logits without the classes, and with 1 instead. */
  readonly positions: readonly number[];
  readonly kept: readonly number[];
}

export function logitsOf({ value }: LossContext, { logits, axis: given = -1 }: ClassOptions): Logits {
  const z = value(logits);
  const axis = normalizeAxis(given, z.shape.length);
  return {
    z,
    axis,
    classes: z.shape[axis]!,
    positions: z.shape.toSpliced(axis, 1),
    kept: z.shape.with(axis, 1),
  };
}

/** The mask of the options as a value with 1 in place of the classes. */
export function maskOf(
  { ops, target }: LossContext,
  { mask }: ClassOptions,
  { z, positions, kept }: Logits,
): Value | undefined {
  return mask === undefined
    ? undefined
    : ops.reshape(target(mask, { dtype: z.dtype, shape: positions }), kept);
}

export function logSoftmax(ops: Ops, x: Value, axis: number): Value {
  return ops.unary("LogSoftmax", x, { axis: BigInt(axis) });
}

/**
 * The mean over positions as a factor of each term: 1 / positions, or weight / sum of weights. Where all weights are 0
 * it is 0, and so is the loss.
 */
export function meanFactor(ops: Ops, { z, positions }: Logits, weights: Value | undefined): Value {
  if (weights === undefined) return ops.scalar(1 / Math.max(1, elementCount(positions)), z.dtype);
  const total = ops.clip(ops.sum(weights, axesOf(weights)), 1e-12, undefined);
  return ops.div(weights, total);
}

export function axesOf({ shape }: Value): number[] {
  return shape.map((_, axis) => axis);
}
