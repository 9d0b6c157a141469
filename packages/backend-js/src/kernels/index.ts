/** The table of kernels, one file per op. */
import type { JsKernels } from "../kernel.ts";

export const kernels: JsKernels = {};
