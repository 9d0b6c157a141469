/**
 * Operators that are along each axis a product with a matrix: what they make of the identity is that matrix, and their
 * gradient the product with its transpose. So whatever mode they have needs no gradient of its own.
 */
import type { TensorType } from "@bitbudget/core";
import type { Value } from "../graph/builder.ts";
import type { Backward } from "./rule.ts";

/**
 * The gradient of the first input.
 * @param make emits the operator along the second axis of the identity [size, size], as a matrix of the type given;
 * nothing where it leaves the axis alone
 */
export function alongAxes(
  { ops, dy, input }: Backward,
  make: (axis: number, identity: () => Value, type: TensorType) => readonly Value[],
): Value {
  const { dtype } = dy;
  return input(0).shape.reduce((dx, size, axis) => {
    const result = dx.shape[axis] ?? 1;
    const [matrix] = make(axis, () => ops.identity(size, dtype), { dtype, shape: [size, result] });
    return matrix === undefined ? dx : timesAlong(ops, dx, axis, matrix);
  }, dy);
}

/** Each slice along an axis becomes the matrix [m, n] times that slice of n. */
function timesAlong(ops: Backward["ops"], x: Value, axis: number, matrix: Value): Value {
  const [m = 1] = matrix.shape;
  const last = x.shape.length - 1;
  if (axis === last) return ops.fusedMatMul(x, matrix, { transB: true });
  // The axes behind are the columns of a stack of matrices.
  const columns = x.shape.slice(axis + 1).reduce((a, c) => a * c, 1);
  const stack = ops.reshape(x, [...x.shape.slice(0, axis + 1), columns]);
  return ops.reshape(ops.matmul(matrix, stack), x.shape.with(axis, m));
}
