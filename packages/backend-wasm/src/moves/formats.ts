/** Formats of ops that move elements: all of whole bytes, for they are nothing but bytes here. */
import type { KernelRow } from "@bitbudget/backend";
import { type DType, dtypes } from "@bitbudget/core";

const formats = Object.values(dtypes)
  .filter(({ bits }) => bits >= 8)
  .map(({ name }) => name);

export const moved: readonly KernelRow[] = formats.map((dtype) => ({
  ...{ activation: dtype, output: dtype, arithmetic: "native" },
}));

/** Bytes of an element. */
export function sizeOf(dtype: DType): number {
  return dtypes[dtype].bits / 8;
}
