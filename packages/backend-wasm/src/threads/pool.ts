/** The threads of a backend: starting them, knowing when all are up, noticing when one fails, ending them. */
import { DisposedError } from "@bitbudget/backend";
import { ThreadError } from "./error.ts";
import { startThread, type Thread } from "./start.ts";

/** What a thread needs to begin. */
export interface Beginning {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the control block (layout.ts). */
  readonly control: number;
  /** Addresses of scratch memory, by index. */
  readonly scratch: readonly number[];
}

/** What a thread tells. */
export type Report = { readonly up: number } | { readonly progress: true } | { readonly error: unknown };

export interface PoolEvents {
  /** The conductor has done what was wanted. */
  progress?(): void;
  failure?(error: ThreadError): void;
}

export class Pool {
  /** Resolves when all threads are up, rejects when one fails or the pool is closed before. */
  readonly ready: Promise<void>;
  /** Why the pool does not work, if so. */
  failure: ThreadError | undefined;
  readonly #count: number;
  readonly #threads: Thread[] = [];
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};
  #events: PoolEvents = {};
  #up = 0;
  #closed = false;

  /** Starts `count` threads, which wait for `begin`. @throws ThreadError where the platform refuses */
  constructor(count: number) {
    this.#count = count;
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whether somebody waits for it or not, a failure shows in the next call.
    this.ready.catch(() => {});
    const listener = {
      message: (report: unknown) => this.#hear(report as Report),
      failure: (error: unknown) =>
        this.#fail(this.isReady ? "a thread has ended" : "a thread could not be started", error),
    };
    try {
      for (let i = 0; i < count; i++) this.#threads.push(startThread(listener));
    } catch (error) {
      void this.close();
      throw new ThreadError("a thread could not be started", error);
    }
  }

  get isReady(): boolean {
    return this.#up === this.#count;
  }

  begin(beginning: Beginning, events: PoolEvents): void {
    this.#events = events;
    if (this.failure !== undefined) events.failure?.(this.failure);
    for (const thread of this.#threads) thread.post(beginning);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#reject(new DisposedError("the backend"));
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #hear(report: Report): void {
    if (this.#closed) return;
    if ("progress" in report) this.#events.progress?.();
    else if ("error" in report) this.#fail("a thread has failed", report.error);
    else {
      this.#up++;
      if (!this.isReady) return;
      // As long as they start, somebody may wait for them.
      for (const thread of this.#threads) thread.release();
      this.#resolve();
    }
  }

  #fail(problem: string, cause: unknown): void {
    if (this.#closed || this.failure !== undefined) return;
    this.failure = new ThreadError(problem, cause);
    this.#reject(this.failure);
    this.#events.failure?.(this.failure);
  }
}
