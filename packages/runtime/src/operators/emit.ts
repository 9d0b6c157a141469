/** Kernels in the words of operators: one call for an element function, a reduction, a constant. */
import type { BinaryFunction, PlainFunction, ReduceFunction, UnaryFunction } from "@bitbudget/backend";
import { type DType, dtypes, type HostTensor, tensor } from "@bitbudget/core";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { scalarOf } from "./weights.ts";

export function unary(context: Lowering, fn: PlainFunction | UnaryFunction, x: Value): Value {
  const value = typeof fn === "string" ? { fn } : fn;
  if (value.fn === "identity") return x;
  return context.kernel({ op: "unary", inputs: [x.type], attributes: { function: value } }, [x]);
}

/** Broadcasts as ONNX and numpy do. Both operands have one dtype. */
export function binary(context: Lowering, fn: BinaryFunction, a: Value, b: Value): Value {
  return context.kernel({ op: "binary", inputs: [a.type, b.type], attributes: { function: fn } }, [a, b]);
}

/** A number in the format of the other operand. */
export function binaryNumber(context: Lowering, fn: BinaryFunction, a: Value, b: number): Value {
  return binary(context, fn, a, number(context, a.type.dtype, b));
}

export function where(context: Lowering, condition: Value, yes: Value, no: Value): Value {
  const values = [condition, yes, no];
  return context.kernel({ op: "where", inputs: values.map(({ type }) => type), attributes: {} }, values);
}

/** @param axes ascending, non-negative */
export function reduce(
  context: Lowering,
  fn: ReduceFunction,
  x: Value,
  axes: readonly number[],
  keepDims = true,
): Value {
  const attributes = { function: fn, axes, keepDims };
  return context.kernel({ op: "reduce", inputs: [x.type], attributes }, [x]);
}

/** A known scalar. */
export function number(context: Lowering, dtype: DType, value: number): Value {
  return context.known(scalarOf(context, dtype, value));
}

/** A known tensor of the same number everywhere. */
export function filled(dtype: DType, shape: readonly number[], value: number): HostTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return tensor(dtype, shape, new Float64Array(count).fill(value));
}

export function isFloat(dtype: DType): boolean {
  return dtypes[dtype].kind === "float";
}

/** 0 to `rank - 1`, from `first` on. */
export function axesFrom(first: number, rank: number): number[] {
  return Array.from({ length: Math.max(0, rank - first) }, (_, i) => first + i);
}

/** The same elements with axes of length 1 added, so that a vector lies along one axis of a tensor of some rank. */
export function along(context: Lowering, vector: Value, axis: number, rank: number): Value {
  const length = vector.type.shape.reduce((product, size) => product * size, 1);
  return context.reshape(
    vector,
    Array.from({ length: rank }, (_, i) => (i === axis ? length : 1)),
  );
}
