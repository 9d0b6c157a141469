/**
 * Threads that do jobs together, in parts that depend on nothing but the job and their number. The thread that has a job
 * shares it out, does the first part, and then also those that nobody has begun, because their threads are still waking.
 * So little is lost by asking threads that sleep, and nothing hangs on threads that are gone.
 */
import type { Jobs } from "./jobs.ts";
import { BROKEN, JOB, JOB_PARTS, PENDING, PENDING_ASLEEP, slotOf, UP } from "./layout.ts";
import { awaitChange, wake } from "./waiting.ts";

/** The side of the thread that has the jobs. One thread of a team at most uses it. */
export class Team {
  readonly #words: Int32Array;
  readonly #jobs: Jobs;

  /** @param words the control block */
  constructor(words: Int32Array, jobs: Jobs) {
    this.#words = words;
    this.#jobs = jobs;
  }

  /** Whether a part that another thread did has ended in an exception. */
  get broken(): boolean {
    return Atomics.load(this.#words, BROKEN) !== 0;
  }

  /** Does the job at the address, all of it. */
  run(job: number): void {
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
        if (this.#take(thread)) this.#jobs.run(job, thread, parts);
    } finally {
      // None is left to be taken unless there was an exception: then nobody should begin any more.
      for (let thread = 1; thread < parts; thread++) this.#take(thread);
      this.#awaitOthers();
    }
  }

  /** Takes a part that its thread has not begun. */
  #take(thread: number): boolean {
    if (!takePart(this.#words, thread)) return false;
    Atomics.sub(this.#words, PENDING, 1);
    return true;
  }

  #awaitOthers(): void {
    for (;;) {
      const left = Atomics.load(this.#words, PENDING);
      if (left === 0) return;
      awaitChange(this.#words, PENDING, left, PENDING_ASLEEP);
    }
  }
}

/** The side of the other threads: each does its parts for ever. `failed` is told of exceptions. */
export function serve(
  words: Int32Array,
  jobs: Jobs,
  thread: number,
  failed: (error: unknown) => void,
): never {
  const slot = slotOf(thread);
  for (;;) {
    const value = Atomics.load(words, slot);
    if (!takePart(words, thread)) {
      awaitChange(words, slot, value, slot + 1);
      continue;
    }
    try {
      jobs.run(words[JOB]!, thread, words[JOB_PARTS]!);
    } catch (error) {
      Atomics.store(words, BROKEN, 1);
      failed(error);
    }
    if (Atomics.sub(words, PENDING, 1) === 1) wake(words, PENDING, PENDING_ASLEEP);
  }
}

/** Takes the part of a thread, if it is to be had: whoever is first makes its slot even. */
function takePart(words: Int32Array, thread: number): boolean {
  const slot = slotOf(thread);
  const value = Atomics.load(words, slot);
  return (value & 1) === 1 && Atomics.compareExchange(words, slot, value, (value + 1) | 0) === value;
}
