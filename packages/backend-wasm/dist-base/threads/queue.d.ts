/**
 * The order of work on a page's main thread, which must not wait: jobs go into a ring that the conductor, a thread of its
 * own, empties. What has to happen on this thread after them (copying results out, giving memory back) waits in a list.
 */
import type { Jobs } from "./jobs.ts";
export declare class Queue {
    #private;
    /** @param words the control block at the address `control` */
    constructor(words: Int32Array, jobs: Jobs, control: number);
    /** Whether everything is done. */
    get idle(): boolean;
    /** Count of jobs that ever came: equal counts mean that none has come in between. */
    get issued(): number;
    run(fn: number, total: number, parts: number, args: readonly number[]): void;
    /** Takes `step` when all jobs before are done, at the latest when something is enqueued or awaited after that. */
    later(step: () => void): void;
    /** What `look` returns when all jobs before are done; jobs behind begin after that. */
    settled<T>(look: () => T): Promise<T>;
    /** Nothing more will be done. */
    fail(failure: Error): void;
    /** Takes the steps whose jobs are done, and fills the ring. To call when the conductor sends its message, too. */
    advance(): void;
}
/** The conductor's side: does the jobs of the ring for ever, and calls `message` when the wanted one is done. */
export declare function conduct(words: Int32Array, control: number, run: (job: number) => void, message: () => void): never;
//# sourceMappingURL=queue.d.ts.map