/**
 * Threads that do jobs together, in parts that depend on nothing but the job and their number. The thread that has a job
 * shares it out, does the first part, and then also those that nobody has begun, because their threads are still waking.
 * So little is lost by asking threads that sleep, and nothing hangs on threads that are gone.
 */
import type { Jobs } from "./jobs.ts";
/** The side of the thread that has the jobs. One thread of a team at most uses it. */
export declare class Team {
    #private;
    /** @param words the control block */
    constructor(words: Int32Array, jobs: Jobs);
    /** Whether a part that another thread did has ended in an exception. */
    get broken(): boolean;
    /** Does the job at the address, all of it. */
    run(job: number): void;
}
/** The side of the other threads: each does its parts for ever. `failed` is told of exceptions. */
export declare function serve(words: Int32Array, jobs: Jobs, thread: number, failed: (error: unknown) => void): never;
//# sourceMappingURL=team.d.ts.map