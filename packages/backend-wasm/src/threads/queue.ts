/**
 * The order of work on a page's main thread, which must not wait: jobs go into a ring that the conductor, a thread of its
 * own, empties. What has to happen on this thread after them (copying results out, giving memory back) waits in a list.
 */
import type { Jobs } from "./jobs.ts";
import { DONE, jobAddress, POSTED, POSTED_ASLEEP, RING_JOBS, WANTED } from "./layout.ts";
import { awaitChange, wake } from "./waiting.ts";

interface Job {
  readonly fn: number;
  readonly total: number;
  readonly parts: number;
  readonly args: readonly number[];
}

/** Something for this thread to do when all jobs before are done. */
interface Step {
  /** With a failure, they will never be. */
  take(failure: Error | undefined): void;
  /** Whether somebody waits for it. Jobs behind it have to wait, too. */
  readonly urgent: boolean;
}

export class Queue {
  readonly #words: Int32Array;
  readonly #jobs: Jobs;
  readonly #control: number;
  /** What has no place in the ring yet, in its order. */
  readonly #backlog: (Job | Step)[] = [];
  /** Steps behind the jobs of the ring, each with the count of jobs before it. */
  readonly #steps: (Step & { readonly after: number })[] = [];
  /** Urgent ones among them. */
  #urgent = 0;
  #posted = 0;
  #issued = 0;
  #failure: Error | undefined;

  /** @param words the control block at the address `control` */
  constructor(words: Int32Array, jobs: Jobs, control: number) {
    this.#words = words;
    this.#jobs = jobs;
    this.#control = control;
  }

  /** Whether everything is done. */
  get idle(): boolean {
    this.advance();
    return this.#steps.length === 0 && this.#backlog.length === 0 && this.#isDone(this.#posted);
  }

  /** Count of jobs that ever came: equal counts mean that none has come in between. */
  get issued(): number {
    return this.#issued;
  }

  run(fn: number, total: number, parts: number, args: readonly number[]): void {
    this.#issued++;
    this.#backlog.push({ fn, total, parts, args });
    this.advance();
  }

  /** Takes `step` when all jobs before are done, at the latest when something is enqueued or awaited after that. */
  later(step: () => void): void {
    this.#backlog.push({ take: step, urgent: false });
    this.advance();
  }

  /** What `look` returns when all jobs before are done; jobs behind begin after that. */
  settled<T>(look: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const take = (failure: Error | undefined) => {
        try {
          if (failure !== undefined) throw failure;
          resolve(look());
        } catch (error) {
          reject(error);
        }
      };
      this.#backlog.push({ take, urgent: true });
      this.advance();
    });
  }

  /** Nothing more will be done. */
  fail(failure: Error): void {
    this.#failure ??= failure;
    this.advance();
  }

  /** Takes the steps whose jobs are done, and fills the ring. To call when the conductor sends its message, too. */
  advance(): void {
    for (;;) {
      while (this.#steps.length > 0 && this.#isDone(this.#steps[0]!.after)) this.#takeStep();
      this.#refill();
      const wanted = this.#wanted();
      if (wanted === undefined) return;
      Atomics.store(this.#words, WANTED, wanted);
      // If it was done before the conductor could know that it is wanted, there is no message.
      if (!this.#isDone(wanted)) return;
    }
  }

  #takeStep(): void {
    const step = this.#steps.shift()!;
    if (step.urgent) this.#urgent--;
    step.take(this.#failure);
  }

  #refill(): void {
    for (let item = this.#backlog[0]; item !== undefined; item = this.#backlog[0]) {
      if ("take" in item) {
        this.#steps.push({ ...item, after: this.#posted });
        if (item.urgent) this.#urgent++;
      } else if (this.#failure === undefined) {
        if (this.#urgent > 0 || this.#isFull()) return;
        this.#post(item);
      }
      this.#backlog.shift();
    }
  }

  #post({ fn, total, parts, args }: Job): void {
    this.#jobs.write(jobAddress(this.#control, this.#posted), fn, total, parts, args);
    this.#posted = (this.#posted + 1) | 0;
    Atomics.store(this.#words, POSTED, this.#posted);
    wake(this.#words, POSTED, POSTED_ASLEEP);
  }

  /** Count of jobs after which this thread has something to do that cannot wait. */
  #wanted(): number | undefined {
    if (this.#urgent > 0) return this.#steps.find(({ urgent }) => urgent)!.after;
    return this.#backlog.length > 0 ? (this.#posted - RING_JOBS / 2) | 0 : undefined;
  }

  /** Counts wrap around: only differences mean something. */
  #isDone(count: number): boolean {
    return this.#failure !== undefined || ((Atomics.load(this.#words, DONE) - count) | 0) >= 0;
  }

  #isFull(): boolean {
    return ((this.#posted - Atomics.load(this.#words, DONE)) | 0) >= RING_JOBS;
  }
}

/** The conductor's side: does the jobs of the ring for ever, and calls `message` when the wanted one is done. */
export function conduct(
  words: Int32Array,
  control: number,
  run: (job: number) => void,
  message: () => void,
): never {
  for (;;) {
    const done = Atomics.load(words, DONE);
    if (done === Atomics.load(words, POSTED)) {
      awaitChange(words, POSTED, done, POSTED_ASLEEP);
      continue;
    }
    run(jobAddress(control, done));
    const now = (done + 1) | 0;
    Atomics.store(words, DONE, now);
    if (now === Atomics.load(words, WANTED)) message();
  }
}
