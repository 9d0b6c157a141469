/** Waiting for another thread: awake for a while, because sleeping and waking take longer than most kernels; then asleep. */
/** Returns when words[index] is not `value` any more, or earlier. words[asleep] is 1 while the thread sleeps. */
export declare function awaitChange(words: Int32Array, index: number, value: number, asleep: number): void;
/** Wakes the thread that sleeps until words[index] changes. To call after the change. */
export declare function wake(words: Int32Array, index: number, asleep: number): void;
//# sourceMappingURL=waiting.d.ts.map