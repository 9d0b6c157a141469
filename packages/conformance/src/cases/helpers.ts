/** Words that the case files share. */
import type { DType, TensorType } from "@bitbudget/core";
import type { Recipe } from "../recipe.ts";

export const floats = ["float32", "float16", "bfloat16", "float64"] as const;
export const subByteCodes = ["int4", "uint4", "int2", "uint2"] as const;
export const weightCodes = ["int8", "uint8", ...subByteCodes] as const;
export const integers = ["int64", "uint64", "int32", "uint32", "int16", "uint16", "int8", "uint8"] as const;
/** Formats of whole bytes: what can be moved element by element. */
export const wholeBytes = [
  ...floats,
  "float8_e4m3fn",
  "float8_e5m2",
  "float8_e4m3fnuz",
  "float8_e5m2fnuz",
  ...integers,
  "bool",
] as const;

/** The type of a tensor. */
export function shaped(dtype: DType, ...shape: readonly number[]): TensorType {
  return { dtype, shape };
}

export function values(...numbers: readonly number[]): Recipe {
  return { values: numbers };
}

/** Small integers, which every format of whole bytes holds exactly. */
export function anyFormat(dtype: DType): Recipe {
  return dtype === "bool" ? { min: 0, max: 1 } : { min: 0, max: 15, step: 1 };
}

/** "2x3", or "scalar" */
export function shapeName(shape: readonly number[]): string {
  return shape.length === 0 ? "scalar" : shape.join("x");
}

/** Smallest float32 above 0, smallest normal one, largest one. */
export const FLOAT32 = { smallest: 2 ** -149, smallestNormal: 2 ** -126, largest: (2 - 2 ** -23) * 2 ** 127 };
