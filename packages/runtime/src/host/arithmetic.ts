/**
 * Arithmetic on elements of any format: floats in float64 with one rounding at the end, integers of up to 32 bits modulo
 * 2^32, integers of 64 bits as bigints. Integers wrap as they are stored.
 */
import {
  allocateStorage,
  type DType,
  dtypes,
  encodeArray,
  type HostTensor,
  type Storage,
  valuesOf,
} from "@bitbudget/core";

export type Operation = "add" | "mul" | "max" | "min";

/** A list that is written to. */
interface List<T> {
  readonly length: number;
  [index: number]: T;
}

/** The operation of one kind of number. */
export type Combine<T> = (a: T, b: T) => T;

const floats: Readonly<Record<Operation, Combine<number>>> = {
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  max: (a, b) => Math.max(a, b),
  min: (a, b) => Math.min(a, b),
};

const integers: Readonly<Record<Operation, Combine<number>>> = {
  ...floats,
  add: (a, b) => (a + b) | 0,
  mul: (a, b) => Math.imul(a, b),
};

const bigints: Readonly<Record<Operation, Combine<bigint>>> = {
  add: (a, b) => a + b,
  mul: (a, b) => BigInt.asIntN(64, a * b),
  max: (a, b) => larger(a, b),
  min: (a, b) => -larger(-a, -b),
};

function larger(a: bigint, b: bigint): bigint {
  return a < b ? b : a;
}

type Bigints = BigInt64Array | BigUint64Array;

export function holdsBigints(data: Storage): data is Bigints {
  return data instanceof BigInt64Array || data instanceof BigUint64Array;
}

/** Elements that compare as their numbers do: bigints where a double would not be exact. */
export function comparable(tensor: HostTensor): ArrayLike<number | bigint> {
  return holdsBigints(tensor.data) ? tensor.data : valuesOf(tensor);
}

/** What an algorithm does to a list, with the operation, `of` the elements of a second one. */
export type Algorithm = <T>(
  out: List<T>,
  combine: Combine<T>,
  of: ArrayLike<T>,
  neutral: (x: number) => T,
) => void;

/** Runs an algorithm on a copy of the elements of `base`, with those of `operand`, in the arithmetic of their format. */
export function combineElements(
  base: HostTensor,
  operation: Operation,
  operand: HostTensor,
  algorithm: Algorithm,
): HostTensor {
  const { dtype, shape } = base;
  if (holdsBigints(base.data) && holdsBigints(operand.data)) {
    const out = base.data.slice();
    algorithm(out, bigints[operation], operand.data, BigInt);
    return { dtype, shape, data: out };
  }
  const out = Float64Array.from(valuesOf(base));
  const combine = (dtypes[dtype].kind === "float" ? floats : integers)[operation];
  algorithm(out, combine, valuesOf(operand), Number);
  return store(dtype, shape, out);
}

/** Numbers as a tensor: floats are rounded once, too large ones to infinity; integers drop what does not fit. */
export function store(dtype: DType, shape: readonly number[], values: Float64Array): HostTensor {
  const { kind, bits } = dtypes[dtype];
  if (kind === "float" || bits < 8)
    return { dtype, shape, data: encodeArray(dtype, values, undefined, { saturate: false }) };
  const data = allocateStorage(dtype, values.length);
  if (holdsBigints(data)) data.set(Array.from(values, (value) => BigInt(Math.trunc(value))));
  else data.set(kind === "bool" ? values.map((value) => Number(value !== 0)) : values);
  return { dtype, shape, data };
}

/** Numbers as a tensor, the way ONNX Cast does: floats lose their fraction on the way to integers. */
export function castNumbers(dtype: DType, shape: readonly number[], values: Float64Array): HostTensor {
  const { kind } = dtypes[dtype];
  const data = encodeArray(dtype, kind === "integer" ? values.map(Math.trunc) : values, undefined, {
    saturate: false,
  });
  return { dtype, shape, data };
}
