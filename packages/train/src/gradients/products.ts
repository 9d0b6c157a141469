/** Gradients of matrix products: products of the same kind. */
import { getFloat, getInt } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Backward, GradientTable } from "./rule.ts";

/** A value as a matrix where it is a vector, on the side of a product that it is on. */
function matrix({ ops }: Backward, x: Value, side: "left" | "right"): Value {
  const [length = 1] = x.shape;
  if (x.shape.length !== 1) return x;
  return ops.reshape(x, side === "left" ? [1, length] : [length, 1]);
}

function matmul(b: Backward): readonly (Value | undefined)[] {
  const { ops } = b;
  const [left, right] = [matrix(b, b.input(0), "left"), matrix(b, b.input(1), "right")];
  const [m = 1, n = 1] = [left.shape.at(-2), right.shape.at(-1)];
  const batch = b.dy.shape.slice(
    0,
    b.dy.shape.length - Number(b.input(0).shape.length > 1) - Number(b.input(1).shape.length > 1),
  );
  const dy = ops.reshape(b.dy, [...batch, m, n]);
  if (right.shape.length === 2) return flat(b, left, right, dy);
  return [
    b.needs(0) ? ops.sumTo(ops.fusedMatMul(dy, right, { transB: true }), b.input(0).shape) : undefined,
    b.needs(1) ? ops.sumTo(ops.fusedMatMul(left, dy, { transA: true }), b.input(1).shape) : undefined,
  ];
}

/** A stack of matrices times one matrix is one product of all rows: its gradients need no sum over the stack. */
function flat(b: Backward, left: Value, right: Value, dy: Value): readonly (Value | undefined)[] {
  const { ops } = b;
  const rows = (x: Value) =>
    ops.reshape(x, [x.shape.slice(0, -1).reduce((a, c) => a * c, 1), x.shape.at(-1) ?? 1]);
  return [
    b.needs(0)
      ? ops.reshape(ops.fusedMatMul(rows(dy), right, { transB: true }), b.input(0).shape)
      : undefined,
    b.needs(1)
      ? ops.reshape(ops.fusedMatMul(rows(left), rows(dy), { transA: true }), b.input(1).shape)
      : undefined,
  ];
}

/** Y = alpha A' B' + beta C, where A' and B' may be transposed. */
function gemm(b: Backward): readonly (Value | undefined)[] {
  const { ops, dy } = b;
  const [transA, transB] = [getInt(b.node, "transA", 0) !== 0, getInt(b.node, "transB", 0) !== 0];
  const scaled = ops.scale(dy, getFloat(b.node, "alpha", 1));
  const [a, c] = [b.input(0), b.input(1)];
  const da = () =>
    transA
      ? ops.fusedMatMul(c, scaled, { transA: transB, transB: true })
      : ops.fusedMatMul(scaled, c, { transB: !transB });
  const db = () =>
    transB
      ? ops.fusedMatMul(scaled, a, { transA: true, transB: transA })
      : ops.fusedMatMul(a, scaled, { transA: !transA });
  const bias = b.inputs[2];
  return [
    b.needs(0) ? da() : undefined,
    b.needs(1) ? db() : undefined,
    bias && b.needs(2) ? ops.scale(ops.sumTo(dy, bias.shape), getFloat(b.node, "beta", 1)) : undefined,
  ];
}

export const products: GradientTable = { MatMul: matmul, Gemm: gemm };
