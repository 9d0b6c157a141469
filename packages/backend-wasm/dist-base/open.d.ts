/** Opens the backend, with the options that are for tests alone. */
import { type Backend } from "@bitbudget/backend";
import { type BuildName } from "./module.ts";
import { type ThreadOptions } from "./threads/plan.ts";
export interface AllOptions extends ThreadOptions {
    readonly build?: BuildName;
    readonly maxBytes?: number;
    /** Whether all threads are up when it resolves. Else the first kernels run on those that are. Default: false. */
    readonly allUp?: boolean;
}
export declare function openWith(options?: AllOptions): Promise<Backend>;
//# sourceMappingURL=open.d.ts.map