/**
 * When calls of kernels happen, and on which threads. Two ways: `direct`, where the caller's thread takes part and a call
 * is done when it returns, and `queued`, for the main thread of a page, where a call is done later.
 */
import type { Context } from "../context.ts";
import type { functionNames } from "../gen/kernels.ts";
import type { Jobs } from "./jobs.ts";
import type { Pool } from "./pool.ts";
export interface Order {
    readonly run: Context["run"];
    readonly raise: Context["raise"];
    /** Tells of memory for a tensor, which no call knows yet. */
    created(address: number): void;
    /** Overwrites memory that calls before may still have to read. `data` may change after the call. */
    write(address: number, data: Uint8Array): void;
    /** What `look` returns when all calls before are done, which calls behind do not change. */
    settled<T>(look: () => T): T | Promise<T>;
    /** A promise until all threads are up, then undefined. */
    ready(): Promise<void> | undefined;
    close(): Promise<void> | undefined;
}
/** Threads to share calls with. */
export interface Crew {
    readonly pool: Pool;
    /** Address of the control block (layout.ts), and its words. */
    readonly control: number;
    readonly words: Int32Array;
    readonly jobs: Jobs;
    /** Into how many parts a call is split. */
    split(total: number, work: number): number;
}
export type Name = (typeof functionNames)[number];
//# sourceMappingURL=order.d.ts.map