/** How many threads a backend gets, and whether the thread that opens it is one of them. */
import { ArgumentError } from "@bitbudget/core";
import type { ThreadPlan } from "./create-order.ts";
import { MAX_THREADS } from "./layout.ts";
import { canBlock, canShareMemory, canStartThreads, concurrency } from "./start.ts";

/** By default a backend leaves the rest of a large machine to others. */
const DEFAULT_THREADS = 4;
/**
 * Simple operations that each thread should have of a job. With two threads that are awake, 131,000 multiply-adds of
 * float32 took 4.4 microseconds instead of 6.7, and 66,000 as long as with one; sharing a job takes half a microsecond.
 */
const MINIMUM_WORK = 50_000;

export interface ThreadOptions {
  readonly threads?: number;
  /** Less work is not split; 0 splits all that can be split. */
  readonly minimumWork?: number;
  /** Whether memory can be shared, and whether this thread may wait. Default: what the platform says. */
  readonly canShare?: boolean;
  readonly canWait?: boolean;
}

/** @throws ArgumentError for a number of threads that is none */
export function planThreads(options: ThreadOptions): ThreadPlan {
  const { threads, minimumWork = MINIMUM_WORK } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS))
    throw new ArgumentError(`threads must be a whole number from 1 to ${MAX_THREADS}, but is ${threads}`);
  const several = canStartThreads() && (options.canShare ?? canShareMemory());
  const count = several ? (threads ?? Math.min(DEFAULT_THREADS, concurrency())) : 1;
  return { threads: count, queued: count > 1 && !(options.canWait ?? canBlock()), minimumWork };
}
