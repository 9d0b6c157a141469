/** What a kernel file is on this backend. */
import type { KernelFile, KernelSpec, KernelTable, OpName, Weights } from "@bitbudget/backend";
import type { Context } from "./context.ts";
import { Owned } from "./memory/owned.ts";
/** A tensor: where it lies in memory. Always addressed anew, for it is a plain number. */
export type Address = number;
export type WasmKernel<O extends OpName> = KernelFile<O, Context, Address>;
export type WasmKernels = KernelTable<Context, Address>;
export type Run = (inputs: readonly Address[], outputs: readonly Address[]) => void;
export interface KernelSource<O extends OpName> extends Pick<WasmKernel<O>, "rows" | "refuse"> {
    /**
     * Packs the weights into memory that `owned` frees with the kernel, and returns what runs it: a list of calls of
     * `context.run` with addresses, which never looks at memory itself, so that other threads can do it later.
     */
    compile(context: Context, spec: KernelSpec<O>, weights: Weights<O>, owned: Owned): Run;
}
/** A kernel file from its source: takes care of what the kernel owns. */
export declare function wasmKernel<O extends OpName>(source: KernelSource<O>): WasmKernel<O>;
//# sourceMappingURL=kernel.d.ts.map