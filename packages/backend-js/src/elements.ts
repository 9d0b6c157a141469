/**
 * Elements of tensors as numbers. Formats whose numbers a typed array can hold are read and written in place; float16,
 * bfloat16, float8 and packed codes are decoded on the way in and encoded, with the one rounding, on the way out.
 */
import {
  type DType,
  decodeArray,
  elementCount,
  encodeArray,
  type HostTensor,
  type Storage,
  type TensorType,
} from "@bitbudget/core";
import type { Numbers } from "./kernel.ts";

const inPlace: readonly DType[] = [
  "float64",
  "float32",
  "int32",
  "uint32",
  "int16",
  "uint16",
  "int8",
  "uint8",
  "bool",
];

/** Whether the elements of the memory are the numbers themselves. 64-bit integers are not: they are bigints. */
function holdsNumbers(storage: Storage, { dtype }: TensorType): storage is Numbers {
  return inPlace.includes(dtype);
}

/** The numbers of a tensor: its own memory where that holds them, else a decoded copy. Read only. */
export function load(storage: Storage, type: TensorType): Numbers {
  return holdsNumbers(storage, type) ? storage : decodeArray(type.dtype, storage, elementCount(type.shape));
}

/**
 * Where a kernel writes its results: the tensor's own memory where that holds numbers, else a buffer that `store` then
 * encodes. Either way each element is rounded once: float32 memory rounds what is written to it.
 */
export function results(storage: Storage, type: TensorType): Numbers {
  return holdsNumbers(storage, type) ? storage : new Float64Array(elementCount(type.shape));
}

/**
 * Writes numbers to a tensor. Floats are rounded to the format; what is too large for it becomes infinite, as it does in
 * float32 memory. Integers of 8 to 32 bits wrap, as elementwise arithmetic does; a kernel that saturates has done so
 * before. Does nothing where `values` is the memory already.
 */
export function store(values: Numbers, storage: Storage, type: TensorType): void {
  if (values === storage) return;
  if (holdsNumbers(storage, type)) storage.set(values);
  else encodeArray(type.dtype, values, storage, { saturate: false });
}

/** A copy of a weight's numbers, for a kernel to keep. Absent weights stand for a constant. */
export function keep(weight: HostTensor | undefined, absent = 0): Numbers {
  if (weight === undefined) return Float64Array.of(absent);
  const numbers = load(weight.data, weight);
  return numbers === weight.data ? numbers.slice() : numbers;
}

/** The number in a scalar weight, or the constant that an absent one stands for. */
export function scalar(weight: HostTensor | undefined, absent = 0): number {
  return keep(weight, absent)[0] ?? absent;
}
