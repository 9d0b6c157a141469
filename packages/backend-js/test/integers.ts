/** Exact integers, for references that the kernels are compared with. */
import { dtypes, type HostTensor, type IntegerName, tensor } from "@bitbudget/core";

/** A tensor of integers that need not be doubles. */
export function integerTensor(
  dtype: IntegerName,
  values: readonly bigint[],
  shape = [values.length],
): HostTensor {
  if (dtype === "int64" || dtype === "uint64") return tensor<"int64" | "uint64">(dtype, shape, values);
  return tensor(dtype, shape, values.map(Number));
}

export function integersOf({ data }: HostTensor): bigint[] {
  return Array.from(data, BigInt);
}

/** The integer of a format that is equal modulo 2 to the power of its bits. */
export function wrap(dtype: IntegerName, x: bigint): bigint {
  const { bits, signed } = dtypes[dtype];
  return signed ? BigInt.asIntN(bits, x) : BigInt.asUintN(bits, x);
}

export function smallest(dtype: IntegerName): bigint {
  const { bits, signed } = dtypes[dtype];
  return signed ? -(2n ** BigInt(bits - 1)) : 0n;
}

export function largest(dtype: IntegerName): bigint {
  return smallest(dtype) + 2n ** BigInt(dtypes[dtype].bits) - 1n;
}

export const integerNames = [
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
] as const;
