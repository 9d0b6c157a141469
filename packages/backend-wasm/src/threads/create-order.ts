/** Begins the work of the threads of a pool: their control block, and the order that goes with it. */
import { SCRATCH_BYTES } from "../context.ts";
import type { Exports } from "../gen/kernels.ts";
import type { LinearMemory } from "../memory/linear-memory.ts";
import { direct } from "./direct.ts";
import { Jobs } from "./jobs.ts";
import { CONTROL_BYTES, controlBytes, UP } from "./layout.ts";
import type { Crew, Order } from "./order.ts";
import type { Pool } from "./pool.ts";
import { Queue } from "./queue.ts";
import { queued } from "./queued.ts";

/** What the threads share. */
export interface Common {
  readonly module: WebAssembly.Module;
  readonly memory: LinearMemory;
  /** This thread's instance. */
  readonly exports: Exports;
  /** Address of what takeFault (fault.ts) looks at. */
  readonly fault: number;
}

export interface ThreadPlan {
  /** Threads that compute. */
  readonly threads: number;
  /** Whether this thread is none of them. */
  readonly queued: boolean;
  /** Simple operations that each thread should have of a job; 0: all jobs are split. */
  readonly minimumWork: number;
}

export function createOrder(common: Common, plan: ThreadPlan, pool: Pool | undefined): Order {
  const { module, memory, exports, fault } = common;
  // Memory that was never used is zero. The block is near the start, and stays in this buffer when the memory grows.
  const control = pool === undefined ? 0 : memory.allocate(controlBytes(plan.queued));
  const scratch = Array.from({ length: plan.threads }, () => memory.allocate(SCRATCH_BYTES));
  exports.setScratch(scratch[0]!);
  if (pool === undefined) return direct(memory, exports, fault);

  const { buffer } = memory.wasm;
  const words = new Int32Array(buffer, control, CONTROL_BYTES / 4);
  const jobs = new Jobs(buffer, exports);
  const crew: Crew = { pool, control, words, jobs, split: splitter(plan) };
  words[UP] = plan.queued ? 0 : 1;
  const beginning = { module, memory: memory.wasm, control, scratch };
  if (!plan.queued) {
    pool.begin(beginning, {});
    return direct(memory, exports, fault, crew);
  }
  const queue = new Queue(words, jobs, control);
  memory.reclaimer = queue;
  pool.begin(beginning, { progress: () => queue.advance(), failure: (error) => queue.fail(error) });
  return queued(memory, fault, crew, queue);
}

function splitter({ threads, minimumWork }: ThreadPlan): Crew["split"] {
  return (total, work) => {
    const worthwhile = minimumWork === 0 ? threads : Math.floor(work / minimumWork);
    return Math.max(1, Math.min(threads, total, worthwhile));
  };
}
