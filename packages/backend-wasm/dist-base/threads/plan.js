/** How many threads a backend gets, and whether the thread that opens it is one of them. */
import { ArgumentError } from "@bitbudget/core";
import { MAX_THREADS } from "./layout.js";
import { canBlock, canShareMemory, canStartThreads, concurrency } from "./platform.js";
/** By default a backend leaves the rest of a large machine to others. */
const DEFAULT_THREADS = 4;
/** Simple operations that each thread should have of a job. */
const MINIMUM_WORK = 50_000;
/** @throws ArgumentError for a number of threads that is none */
export function planThreads(options) {
    const { threads, minimumWork = MINIMUM_WORK } = options;
    if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS))
        throw new ArgumentError(`threads must be a whole number from 1 to ${MAX_THREADS}, but is ${threads}`);
    const several = canStartThreads() && (options.canShare ?? canShareMemory());
    const count = several ? (threads ?? Math.min(DEFAULT_THREADS, concurrency())) : 1;
    return { threads: count, queued: count > 1 && !(options.canWait ?? canBlock()), minimumWork };
}
//# sourceMappingURL=plan.js.map