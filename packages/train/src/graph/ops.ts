/** The operators that gradients and composite operators are written in, as methods that know the types of results. */
import type { DType } from "@bitbudget/core";
import { type Attributes, Builder, type Value } from "./builder.ts";
import { broadcast } from "./shapes.ts";

export class Ops extends Builder {
  add(a: Value, b: Value): Value {
    return this.#binary("Add", a, b);
  }

  sub(a: Value, b: Value): Value {
    return this.#binary("Sub", a, b);
  }

  mul(a: Value, b: Value): Value {
    return this.#binary("Mul", a, b);
  }

  div(a: Value, b: Value): Value {
    return this.#binary("Div", a, b);
  }

  pow(a: Value, b: Value): Value {
    return this.#binary("Pow", a, b);
  }

  /** x * a number. */
  scale(x: Value, factor: number): Value {
    return factor === 1 ? x : this.mul(x, this.scalar(factor, x.dtype));
  }

  /** x + a number. */
  shift(x: Value, by: number): Value {
    return by === 0 ? x : this.add(x, this.scalar(by, x.dtype));
  }

  /** A function of one element: Neg, Exp, Sign and the like. */
  unary(opType: string, x: Value, attributes: Attributes = {}): Value {
    return this.emit(opType, [x], [x], attributes)[0]!;
  }

  neg(x: Value): Value {
    return this.unary("Neg", x);
  }

  clip(x: Value, min: number | undefined, max: number | undefined): Value {
    const bound = (value: number | undefined) =>
      value === undefined ? undefined : this.scalar(value, x.dtype);
    return this.emit("Clip", [x, bound(min), bound(max)], [x])[0]!;
  }

  /** a < b, a == b and the like, as bool. */
  compare(
    opType: "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual" | "Equal",
    a: Value,
    b: Value,
  ): Value {
    const shape = broadcast(a.shape, b.shape);
    return this.emit(opType, [a, b], [{ dtype: "bool", shape }])[0]!;
  }

  where(condition: Value, a: Value, b: Value): Value {
    const shape = broadcast(condition.shape, broadcast(a.shape, b.shape));
    return this.emit("Where", [condition, a, b], [{ dtype: a.dtype, shape }])[0]!;
  }

  cast(x: Value, dtype: DType, to: bigint): Value {
    return this.emit("Cast", [x], [{ dtype, shape: x.shape }], { to })[0]!;
  }

  /** Reduced axes keep the length 1. */
  reduce(
    opType: "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceSumSquare",
    x: Value,
    axes: readonly number[],
  ): Value {
    if (axes.length === 0) return opType === "ReduceSumSquare" ? this.mul(x, x) : x;
    const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    return this.emit(opType, [x, this.ints(axes)], [{ dtype: x.dtype, shape }], { keepdims: 1n })[0]!;
  }

  sum(x: Value, axes: readonly number[]): Value {
    return this.reduce("ReduceSum", x, axes);
  }

  mean(x: Value, axes: readonly number[]): Value {
    return this.reduce("ReduceMean", x, axes);
  }

  /** The sum over the axes along which something of this shape was repeated: what broadcasting is, transposed. */
  sumTo(x: Value, shape: readonly number[]): Value {
    const extra = x.shape.length - shape.length;
    const axes = x.shape.flatMap((size, axis) =>
      axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : [],
    );
    return this.reshape(this.sum(x, axes), shape);
  }

  expand(x: Value, shape: readonly number[]): Value {
    if (x.shape.join() === shape.join()) return x;
    return this.emit("Expand", [x, this.ints(shape)], [{ dtype: x.dtype, shape }])[0]!;
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (x.shape.join() === shape.join()) return x;
    // With `allowzero`, so that a size of 0 is no reference to the input's.
    const attributes = { allowzero: 1n };
    return this.emit("Reshape", [x, this.ints(shape)], [{ dtype: x.dtype, shape }], attributes)[0]!;
  }

  transpose(x: Value, perm: readonly number[]): Value {
    if (perm.every((axis, i) => axis === i)) return x;
    const shape = perm.map((axis) => x.shape[axis] ?? 1);
    return this.emit("Transpose", [x], [{ dtype: x.dtype, shape }], { perm: perm.map(BigInt) })[0]!;
  }

  /** With its last two axes exchanged. */
  transposed(x: Value): Value {
    const rank = x.shape.length;
    const perm = x.shape.map((_, axis) => axis);
    return this.transpose(x, [...perm.slice(0, -2), rank - 1, rank - 2]);
  }

  /** Of at least two axes each. */
  matmul(a: Value, b: Value): Value {
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const shape = [...batch, a.shape.at(-2) ?? 1, b.shape.at(-1) ?? 1];
    return this.emit("MatMul", [a, b], [{ dtype: a.dtype, shape }])[0]!;
  }

  #binary(opType: string, a: Value, b: Value): Value {
    return this.emit(opType, [a, b], [{ dtype: a.dtype, shape: broadcast(a.shape, b.shape) }])[0]!;
  }
}
