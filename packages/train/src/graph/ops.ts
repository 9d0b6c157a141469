/** The operators that gradients and composite operators are written in, as methods that know the types of results. */
import { type DType, dtypes, type TensorType, tensor } from "@bitbudget/core";
import { TrainingError } from "../errors.ts";
import { type Attributes, Builder, type Value } from "./builder.ts";
import { broadcast } from "./shapes.ts";

export class Ops extends Builder {
  /** What results of Expand are repetitions of. */
  readonly #expanded = new Map<string, Value>();

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

  /** 0, 1, 2 and so on as int32, in a shape. */
  range(length: number, shape: readonly number[]): Value {
    return this.constant(
      tensor(
        "int32",
        shape,
        Int32Array.from({ length }, (_, i) => i),
      ),
    );
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

  /** 1 where min < x < max, else 0. The bounds are constant, of one element; one that is left out is infinite. */
  between(x: Value, min: Value | undefined, max?: Value): Value {
    return this.internal("Within", [x, min, max], x);
  }

  /** 1 where x > threshold, else 0. */
  above(x: Value, threshold: number): Value {
    return this.between(x, this.scalar(threshold, x.dtype));
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

  cast(x: Value, dtype: DType): Value {
    if (x.dtype === dtype) return x;
    return this.emit("Cast", [x], [{ dtype, shape: x.shape }], { to: BigInt(dtypes[dtype].onnx) })[0]!;
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
    const y = this.emit("Expand", [x, this.ints(shape)], [{ dtype: x.dtype, shape }])[0]!;
    this.#expanded.set(y.name, x);
    return y;
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

  zeros({ dtype, shape }: TensorType): Value {
    return this.expand(this.scalar(0, dtype), shape);
  }

  /** The matrix with ones on its diagonal. */
  identity(size: number, dtype: DType): Value {
    const content = Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0));
    return this.constant(tensor(dtype, [size, size], content));
  }

  concat(parts: readonly Value[], axis: number): Value {
    const [first] = parts;
    if (first === undefined) throw new TrainingError("there is nothing to join");
    if (parts.length === 1) return first;
    const size = parts.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
    const type = { dtype: first.dtype, shape: first.shape.with(axis, size) };
    return this.emit("Concat", parts, [type], { axis: BigInt(axis) })[0]!;
  }

  /** Positions `start` to `start + size - 1` of one axis. */
  sliceAxis(x: Value, axis: number, start: number, size: number): Value {
    if (start === 0 && size === x.shape[axis]) return x;
    const bounds = [[start], [start + size], [axis]].map((numbers) => this.ints(numbers));
    return this.emit("Slice", [x, ...bounds], [{ dtype: x.dtype, shape: x.shape.with(axis, size) }])[0]!;
  }

  /** Adds zeros before each axis, then after each; a negative count cuts off. */
  pad(x: Value, pads: readonly number[]): Value {
    if (pads.every((count) => count === 0)) return x;
    const rank = x.shape.length;
    const shape = x.shape.map((size, axis) => (pads[axis] ?? 0) + size + (pads[axis + rank] ?? 0));
    return this.emit("Pad", [x, this.ints(pads)], [{ dtype: x.dtype, shape }])[0]!;
  }

  /** Zeros of length `size` along an axis, with slices added at the indices: the transpose of Gather. */
  gatherGrad(indices: Value, dy: Value, axis: number, size: number): Value {
    const shape = dy.shape.toSpliced(axis, indices.shape.length, size);
    const attributes = { axis: BigInt(axis), size: BigInt(size) };
    return this.internal("GatherGrad", [indices, dy], { dtype: dy.dtype, shape }, attributes);
  }

  /** Rows of a table [rows, size] at integer indices. */
  rows(table: Value, indices: Value): Value {
    const type = { dtype: table.dtype, shape: [...indices.shape, ...table.shape.slice(1)] };
    return this.emit("Gather", [table, indices], [type])[0]!;
  }

  /** With its last two axes exchanged. */
  transposed(x: Value): Value {
    const rank = x.shape.length;
    const perm = x.shape.map((_, axis) => axis);
    return this.transpose(x, [...perm.slice(0, -2), rank - 1, rank - 2]);
  }

  /** Of at least two axes each. */
  matmul(a: Value, b: Value): Value {
    return this.emit("MatMul", [a, b], [productType(a, b)])[0]!;
  }

  /** The same of operands whose last two axes are exchanged where they are read. For backward nodes: it has no rule. */
  fusedMatMul(a: Value, b: Value, { transA = false, transB = false }): Value {
    const type = productType(transA ? exchanged(a) : a, transB ? exchanged(b) : b);
    const attributes = { transA: BigInt(transA), transB: BigInt(transB) };
    return this.emit("FusedMatMul", [a, b], [type], attributes, "com.microsoft")[0]!;
  }

  /** What was repeated broadcasts by itself where the other operand has the shape of the result. */
  #binary(opType: string, a: Value, b: Value): Value {
    const shape = broadcast(a.shape, b.shape);
    const source = (x: Value, other: Value) =>
      other.shape.join() === shape.join() ? this.#expanded.get(x.name) : undefined;
    const left = source(a, b);
    const operands = left === undefined ? [a, source(b, a) ?? b] : [left, b];
    return this.emit(opType, operands, [{ dtype: a.dtype, shape }])[0]!;
  }
}

function productType(a: TensorType, b: TensorType): TensorType {
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { dtype: a.dtype, shape: [...batch, a.shape.at(-2) ?? 1, b.shape.at(-1) ?? 1] };
}

function exchanged({ dtype, shape }: TensorType): TensorType {
  return { dtype, shape: [...shape.slice(0, -2), shape.at(-1) ?? 1, shape.at(-2) ?? 1] };
}
