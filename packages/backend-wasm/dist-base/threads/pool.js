/** The threads of a backend: starting them, knowing when all are up, noticing when one fails, ending them. */
import { ThreadError } from "./error.js";
import { startThread } from "./platform.js";
export class Pool {
    /** Resolves when all threads are up, rejects with a ThreadError when one fails before. */
    ready;
    /** Why the pool does not work, if so. */
    failure;
    #count;
    #threads = [];
    #resolve = () => { };
    #reject = () => { };
    #events = {};
    #up = 0;
    #closed = false;
    /** Starts `count` threads, which wait for `begin`. @throws ThreadError where the platform refuses */
    constructor(count) {
        this.#count = count;
        this.ready = new Promise((resolve, reject) => {
            this.#resolve = resolve;
            this.#reject = reject;
        });
        // Whether somebody waits for it or not, a failure shows in the next call.
        this.ready.catch(() => { });
        const listener = {
            message: (report) => this.#hear(report),
            failure: (error) => this.#fail(this.isReady ? "a thread has ended" : "a thread could not be started", error),
        };
        try {
            for (let i = 0; i < count; i++)
                this.#threads.push(startThread(listener));
        }
        catch (error) {
            void this.close();
            throw new ThreadError("a thread could not be started", error);
        }
    }
    get isReady() {
        return this.#up === this.#count;
    }
    begin(beginning, events) {
        this.#events = events;
        if (this.failure !== undefined)
            events.failure?.(this.failure);
        for (const thread of this.#threads)
            thread.post(beginning);
    }
    async close() {
        this.#closed = true;
        await Promise.all(this.#threads.map((thread) => thread.end()));
    }
    #hear(report) {
        if ("progress" in report)
            this.#events.progress?.();
        else if ("error" in report)
            this.#fail("a thread has failed", report.error);
        else {
            this.#up++;
            if (!this.isReady)
                return;
            // As long as they start, somebody may wait for them.
            for (const thread of this.#threads)
                thread.release();
            this.#resolve();
        }
    }
    #fail(problem, cause) {
        if (this.#closed || this.failure !== undefined)
            return;
        this.failure = new ThreadError(problem, cause);
        this.#reject(this.failure);
        this.#events.failure?.(this.failure);
    }
}
//# sourceMappingURL=pool.js.map