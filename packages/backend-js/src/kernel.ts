/** What kernels of this backend have in common: they read numbers, compute in float64, and round once at the end. */
import type { KernelFile, KernelTable, OpName } from "@bitbudget/backend";
import type { Storage } from "@bitbudget/core";

export type JsKernel<O extends OpName> = KernelFile<O, undefined, Storage>;
export type JsKernels = KernelTable<undefined, Storage>;

/** Numbers to compute with. */
export type Numbers =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;
