/** An instance of the kernels over a memory: each thread has its own. */
import type { Exports } from "./gen/kernels.ts";
export declare function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports;
//# sourceMappingURL=instantiate.d.ts.map