/** Formats of ops whose inputs and output have the same one. */
import type { KernelRow } from "@bitbudget/backend";
import type { DType } from "@bitbudget/core";

export const floats = ["float32", "float16", "bfloat16", "float64"] as const;
export const integers = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"] as const;
/** Every format of whole bytes, for ops that move elements. */
export const movable = [
  ...floats,
  ...integers,
  "bool",
  "float8_e4m3fn",
  "float8_e5m2",
  "float8_e4m3fnuz",
  "float8_e5m2fnuz",
] as const;

/** A row for each format, with the same format out, or with another. */
export function plainRows(formats: readonly DType[], output?: DType): KernelRow[] {
  return formats.map((dtype) => ({ activation: dtype, output: output ?? dtype, arithmetic: "native" }));
}
