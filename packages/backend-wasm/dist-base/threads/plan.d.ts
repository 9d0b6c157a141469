import type { ThreadPlan } from "./create-order.ts";
export interface ThreadOptions {
    readonly threads?: number;
    /** Less work is not split; 0 splits all that can be split. */
    readonly minimumWork?: number;
    /** Whether memory can be shared, and whether this thread may wait. Default: what the platform says. */
    readonly canShare?: boolean;
    readonly canWait?: boolean;
}
/** @throws ArgumentError for a number of threads that is none */
export declare function planThreads(options: ThreadOptions): ThreadPlan;
//# sourceMappingURL=plan.d.ts.map