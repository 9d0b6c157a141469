/** SIMD kernels in WebAssembly: floats, and codes of 8, 4 and 2 bits, computed on as they are. */
import type { Backend } from "@bitbudget/backend";
import type { BuildName } from "./module.ts";
export interface OpenOptions {
    /** Build of the kernels. Default: the best that the engine runs. "simd" is the same on every engine, to the last bit. */
    readonly build?: BuildName;
    /** Limit of the memory in bytes, at most 4 GiB, which is the default. */
    readonly maxBytes?: number;
    /**
     * Threads that compute, at most 64. Default: as many as the processor runs at once, but at most 4. Where memory cannot
     * be shared with workers (a page that is not cross-origin isolated), it is always 1, which needs no worker.
     */
    readonly threads?: number;
}
/**
 * Opens the backend.
 *
 * @throws Error where the engine has no WebAssembly SIMD, ArgumentError for options out of their range, ThreadError where
 * workers cannot be started. One that fails later shows as a ThreadError of the next call.
 */
export declare function open({ build, maxBytes, threads }?: OpenOptions): Promise<Backend>;
export { ThreadError } from "./threads/error.ts";
export type { BuildName };
//# sourceMappingURL=index.d.ts.map