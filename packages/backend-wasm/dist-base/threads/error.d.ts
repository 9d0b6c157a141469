import { BitbudgetError } from "@bitbudget/core";
/** A thread that could not be started, or that ended when it should not have. */
export declare class ThreadError extends BitbudgetError {
    readonly code = "THREAD";
    constructor(problem: string, cause: unknown);
}
//# sourceMappingURL=error.d.ts.map