import { BROKEN, JOB, JOB_PARTS, PENDING, PENDING_ASLEEP, slotOf, UP } from "./layout.js";
import { awaitChange, wake } from "./waiting.js";
/** The side of the thread that has the jobs. One thread of a team at most uses it. */
export class Team {
    #words;
    #jobs;
    /** @param words the control block */
    constructor(words, jobs) {
        this.#words = words;
        this.#jobs = jobs;
    }
    /** Whether a part that another thread did has ended in an exception. */
    get broken() {
        return Atomics.load(this.#words, BROKEN) !== 0;
    }
    /** Does the job at the address, all of it. */
    run(job) {
        const words = this.#words;
        const parts = Math.min(this.#jobs.parts(job), Atomics.load(words, UP));
        if (parts <= 1) {
            this.#jobs.run(job, 0, 1);
            return;
        }
        words[JOB] = job;
        words[JOB_PARTS] = parts;
        Atomics.store(words, PENDING, parts - 1);
        for (let thread = 1; thread < parts; thread++) {
            const slot = slotOf(thread);
            Atomics.store(words, slot, (Atomics.load(words, slot) + 1) | 0);
            wake(words, slot, slot + 1);
        }
        try {
            this.#jobs.run(job, 0, parts);
            for (let thread = 1; thread < parts; thread++)
                if (this.#take(thread))
                    this.#jobs.run(job, thread, parts);
        }
        finally {
            // None is left to be taken unless there was an exception: then nobody should begin any more.
            for (let thread = 1; thread < parts; thread++)
                this.#take(thread);
            this.#awaitOthers();
        }
    }
    /** Takes a part that its thread has not begun. */
    #take(thread) {
        if (!takePart(this.#words, thread))
            return false;
        Atomics.sub(this.#words, PENDING, 1);
        return true;
    }
    #awaitOthers() {
        for (;;) {
            const left = Atomics.load(this.#words, PENDING);
            if (left === 0)
                return;
            awaitChange(this.#words, PENDING, left, PENDING_ASLEEP);
        }
    }
}
/** The side of the other threads: each does its parts for ever. `failed` is told of exceptions. */
export function serve(words, jobs, thread, failed) {
    const slot = slotOf(thread);
    for (;;) {
        const value = Atomics.load(words, slot);
        if (!takePart(words, thread)) {
            awaitChange(words, slot, value, slot + 1);
            continue;
        }
        try {
            jobs.run(words[JOB], thread, words[JOB_PARTS]);
        }
        catch (error) {
            Atomics.store(words, BROKEN, 1);
            failed(error);
        }
        if (Atomics.sub(words, PENDING, 1) === 1)
            wake(words, PENDING, PENDING_ASLEEP);
    }
}
/** Takes the part of a thread, if it is to be had: whoever is first makes its slot even. */
function takePart(words, thread) {
    const slot = slotOf(thread);
    const value = Atomics.load(words, slot);
    return (value & 1) === 1 && Atomics.compareExchange(words, slot, value, (value + 1) | 0) === value;
}
//# sourceMappingURL=team.js.map