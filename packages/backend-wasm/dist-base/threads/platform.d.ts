/** Threads as the platform has them: workers of browsers, or those of Node. */
export interface Thread {
    post(message: unknown): void;
    /** From now on, it keeps no process alive. */
    release(): void;
    end(): Promise<unknown> | undefined;
}
/** What a thread that was started tells. */
export interface Listener {
    message(message: unknown): void;
    /** It could not be started, or it has ended. */
    failure(error: unknown): void;
}
/** Whether this thread can start others. */
export declare function canStartThreads(): boolean;
/** Whether memory can be shared with workers: not in pages that are not cross-origin isolated. */
export declare function canShareMemory(): boolean;
/** Whether this thread may sleep until another wakes it: not the main thread of a page. */
export declare function canBlock(): boolean;
/** Threads that run at the same time. */
export declare function concurrency(): number;
/** Starts a thread that runs worker.ts. */
export declare function startThread(listener: Listener): Thread;
/** The other side, for worker.ts: what `post` sends first. */
export declare function onFirstMessage(listener: (message: unknown) => void): void;
/** The other side, for worker.ts: sends a message to the listener. */
export declare function postToParent(message: unknown): void;
//# sourceMappingURL=platform.d.ts.map