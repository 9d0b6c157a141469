/** The table of kernels, one file per op. */
import type { WasmKernels } from "../kernel.ts";
export declare const kernels: WasmKernels;
//# sourceMappingURL=index.d.ts.map