import type { Context } from "./context.ts";
import { type BuildName } from "./module.ts";
import { type ThreadPlan } from "./threads/create-order.ts";
import type { Order } from "./threads/order.ts";
export interface ContextOptions {
    readonly build: BuildName;
    readonly maxBytes?: number;
    /** Default: this thread alone. */
    readonly plan?: ThreadPlan;
}
/** A context with what the device needs beside it. */
export interface OpenContext extends Context {
    readonly order: Order;
}
/** @throws ArgumentError, ThreadError, OutOfMemoryError */
export declare function createContext(options: ContextOptions): Promise<OpenContext>;
//# sourceMappingURL=create-context.d.ts.map