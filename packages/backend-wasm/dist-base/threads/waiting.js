/** Waiting for another thread: awake for a while, because sleeping and waking take longer than most kernels; then asleep. */
/**
 * Milliseconds awake. Waking a sleeper takes 5 to 50 microseconds here, so a thread that is about to be needed should not
 * sleep; one that is not needed should not burn a core for long.
 */
const AWAKE_MS = 0.1;
const LOOKS_PER_TIME_CHECK = 64;
/** Tells the processor that this is a loop that waits, where the engine can. */
const { pause = () => { } } = Atomics;
/** Returns when words[index] is not `value` any more, or earlier. words[asleep] is 1 while the thread sleeps. */
export function awaitChange(words, index, value, asleep) {
    const end = performance.now() + AWAKE_MS;
    do {
        for (let i = 0; i < LOOKS_PER_TIME_CHECK; i++) {
            if (Atomics.load(words, index) !== value)
                return;
            pause();
        }
    } while (performance.now() < end);
    Atomics.store(words, asleep, 1);
    Atomics.wait(words, index, value);
    Atomics.store(words, asleep, 0);
}
/** Wakes the thread that sleeps until words[index] changes. To call after the change. */
export function wake(words, index, asleep) {
    if (Atomics.load(words, asleep) !== 0)
        Atomics.notify(words, index);
}
//# sourceMappingURL=waiting.js.map