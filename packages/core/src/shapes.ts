/** Shapes: how many elements and bytes a tensor has, and where its elements are. */
import { type DType, dtypeInfo } from "./dtypes.ts";
import { AxisError, ShapeError } from "./errors.ts";

/** Number of elements. Throws ShapeError unless every dimension, and their product, is a non-negative safe integer. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  let sized = 1;
  for (const [axis, dimension] of shape.entries()) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      throw new ShapeError(
        `dimension ${axis} of shape [${shape}] is ${dimension}; use a non-negative integer`,
        shape,
      );
    }
    count *= dimension;
    sized *= dimension || 1;
  }
  // Without the zeros: [2 ** 30, 2 ** 30, 0] has no elements, but its strides are not integers.
  if (!Number.isSafeInteger(sized)) {
    throw new ShapeError(`shape [${shape}] has more than 2^53 - 1 elements; use smaller dimensions`, shape);
  }
  return count;
}

/** Bytes that a tensor's codes take, sub-byte codes packed. Throws ShapeError as `elementCount` does. */
export function storageBytes(dtype: DType, shape: readonly number[]): number {
  return Math.ceil((elementCount(shape) * dtypeInfo(dtype).bits) / 8);
}

/** Elements between neighbours along each axis, row-major: [2, 3, 4] has strides [12, 4, 1]. */
export function strides(shape: readonly number[]): number[] {
  elementCount(shape);
  const steps = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    steps[axis] = step;
    step *= shape[axis]!;
  }
  return steps;
}

/** The axis counted from the front: -1 is the last. Throws AxisError outside of -rank to rank - 1. */
export function normalizeAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) throw new AxisError(axis, rank);
  return axis < 0 ? axis + rank : axis;
}
