import { BitbudgetError } from "@bitbudget/core";
/** A thread that could not be started, or that ended when it should not have. */
export class ThreadError extends BitbudgetError {
    code = "THREAD";
    constructor(problem, cause) {
        const what = cause instanceof Error ? cause.message : String(cause);
        super(`${problem}: ${what}; open the backend again, with { threads: 1 } where workers are not available`, { cause });
    }
}
//# sourceMappingURL=error.js.map