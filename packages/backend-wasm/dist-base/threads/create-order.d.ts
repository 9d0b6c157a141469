import type { Exports } from "../gen/kernels.ts";
import type { LinearMemory } from "../memory/linear-memory.ts";
import type { Order } from "./order.ts";
import type { Pool } from "./pool.ts";
/** What the threads share. */
export interface Common {
    readonly module: WebAssembly.Module;
    readonly memory: LinearMemory;
    /** This thread's instance. */
    readonly exports: Exports;
    /** Address of what takeFault (fault.ts) looks at. */
    readonly fault: number;
}
export interface ThreadPlan {
    /** Threads that compute. */
    readonly threads: number;
    /** Whether this thread is none of them. */
    readonly queued: boolean;
    /** Simple operations that each thread should have of a job; 0: all jobs are split. */
    readonly minimumWork: number;
}
export declare function createOrder(common: Common, plan: ThreadPlan, pool: Pool | undefined): Order;
//# sourceMappingURL=create-order.d.ts.map