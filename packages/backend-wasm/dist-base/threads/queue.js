import { DONE, jobAddress, POSTED, POSTED_ASLEEP, RING_JOBS, WANTED } from "./layout.js";
import { awaitChange, wake } from "./waiting.js";
export class Queue {
    #words;
    #jobs;
    #control;
    /** What has no place in the ring yet, in its order. */
    #backlog = [];
    /** Steps behind the jobs of the ring, each with the count of jobs before it. */
    #steps = [];
    /** Urgent ones among them. */
    #urgent = 0;
    #posted = 0;
    #issued = 0;
    #failure;
    /** @param words the control block at the address `control` */
    constructor(words, jobs, control) {
        this.#words = words;
        this.#jobs = jobs;
        this.#control = control;
    }
    /** Whether everything is done. */
    get idle() {
        this.advance();
        return this.#steps.length === 0 && this.#backlog.length === 0 && this.#isDone(this.#posted);
    }
    /** Count of jobs that ever came: equal counts mean that none has come in between. */
    get issued() {
        return this.#issued;
    }
    run(fn, total, parts, args) {
        this.#issued++;
        this.#backlog.push({ fn, total, parts, args });
        this.advance();
    }
    /** Takes `step` when all jobs before are done, at the latest when something is enqueued or awaited after that. */
    later(step) {
        this.#backlog.push({ take: step, urgent: false });
        this.advance();
    }
    /** What `look` returns when all jobs before are done; jobs behind begin after that. */
    settled(look) {
        return new Promise((resolve, reject) => {
            const take = (failure) => {
                try {
                    if (failure !== undefined)
                        throw failure;
                    resolve(look());
                }
                catch (error) {
                    reject(error);
                }
            };
            this.#backlog.push({ take, urgent: true });
            this.advance();
        });
    }
    /** Nothing more will be done. */
    fail(failure) {
        this.#failure ??= failure;
        this.advance();
    }
    /** Takes the steps whose jobs are done, and fills the ring. To call when the conductor sends its message, too. */
    advance() {
        for (;;) {
            while (this.#steps.length > 0 && this.#isDone(this.#steps[0].after))
                this.#takeStep();
            this.#refill();
            const wanted = this.#wanted();
            if (wanted === undefined)
                return;
            Atomics.store(this.#words, WANTED, wanted);
            // If it was done before the conductor could know that it is wanted, there is no message.
            if (!this.#isDone(wanted))
                return;
        }
    }
    #takeStep() {
        const step = this.#steps.shift();
        if (step.urgent)
            this.#urgent--;
        step.take(this.#failure);
    }
    #refill() {
        for (let item = this.#backlog[0]; item !== undefined; item = this.#backlog[0]) {
            if ("take" in item) {
                this.#steps.push({ ...item, after: this.#posted });
                if (item.urgent)
                    this.#urgent++;
            }
            else if (this.#failure === undefined) {
                if (this.#urgent > 0 || this.#isFull())
                    return;
                this.#post(item);
            }
            this.#backlog.shift();
        }
    }
    #post({ fn, total, parts, args }) {
        this.#jobs.write(jobAddress(this.#control, this.#posted), fn, total, parts, args);
        this.#posted = (this.#posted + 1) | 0;
        Atomics.store(this.#words, POSTED, this.#posted);
        wake(this.#words, POSTED, POSTED_ASLEEP);
    }
    /** Count of jobs after which this thread has something to do that cannot wait. */
    #wanted() {
        if (this.#urgent > 0)
            return this.#steps.find(({ urgent }) => urgent).after;
        return this.#backlog.length > 0 ? (this.#posted - RING_JOBS / 2) | 0 : undefined;
    }
    /** Counts wrap around: only differences mean something. */
    #isDone(count) {
        return this.#failure !== undefined || ((Atomics.load(this.#words, DONE) - count) | 0) >= 0;
    }
    #isFull() {
        return ((this.#posted - Atomics.load(this.#words, DONE)) | 0) >= RING_JOBS;
    }
}
/** The conductor's side: does the jobs of the ring for ever, and calls `message` when the wanted one is done. */
export function conduct(words, control, run, message) {
    for (;;) {
        const done = Atomics.load(words, DONE);
        if (done === Atomics.load(words, POSTED)) {
            awaitChange(words, POSTED, done, POSTED_ASLEEP);
            continue;
        }
        run(jobAddress(control, done));
        const now = (done + 1) | 0;
        Atomics.store(words, DONE, now);
        if (now === Atomics.load(words, WANTED))
            message();
    }
}
//# sourceMappingURL=queue.js.map