/** Puts a context together: a build of the kernels, a memory, and threads. */
import { ArgumentError } from "@bitbudget/core";
import type { Context, DotOperand } from "./context.ts";
import { FAULT_BYTES } from "./fault.ts";
import type { Exports } from "./gen/kernels.ts";
import { instantiate } from "./instantiate.ts";
import { LinearMemory, MAX_BYTES } from "./memory/linear-memory.ts";
import { makeMemory } from "./memory/make-memory.ts";
import { Workspace } from "./memory/workspace.ts";
import { type BuildName, compileBuild } from "./module.ts";
import { createOrder, type ThreadPlan } from "./threads/create-order.ts";
import type { Order } from "./threads/order.ts";
import { Pool } from "./threads/pool.ts";

const ALONE: ThreadPlan = { threads: 1, queued: false, minimumWork: 0 };

export interface ContextOptions {
  readonly build: BuildName;
  readonly maxBytes?: number;
  /** Default: this thread alone. */
  readonly plan?: ThreadPlan;
}

/** A context with what the device needs beside it. */
export interface OpenContext extends Context {
  readonly order: Order;
}

/** @throws ArgumentError, ThreadError, OutOfMemoryError */
export async function createContext(options: ContextOptions): Promise<OpenContext> {
  const { build, maxBytes = MAX_BYTES, plan = ALONE } = options;
  if (!(maxBytes > 0 && maxBytes <= MAX_BYTES))
    throw new ArgumentError(`maxBytes must be positive and at most ${MAX_BYTES}, but is ${maxBytes}`);
  const shared = plan.threads > 1;
  // Threads load their script, and memory is made, while the kernels are compiled.
  const compiling = compileBuild(build, shared);
  const pool = shared ? new Pool(plan.queued ? plan.threads : plan.threads - 1) : undefined;
  try {
    const wasm = makeMemory(maxBytes, shared);
    const module = await compiling;
    const exports = instantiate(module, wasm);
    const memory = new LinearMemory(wasm, exports.heapBase(), maxBytes);
    const fault = memory.allocate(FAULT_BYTES);
    const order = createOrder({ module, memory, exports, fault }, plan, pool);
    return {
      memory,
      workspace: new Workspace(memory),
      exports,
      relaxed: build === "relaxed",
      dot: dotOperand(exports, build),
      fault,
      run: order.run,
      raise: order.raise,
      order,
    };
  } catch (error) {
    await pool?.close();
    throw error;
  }
}

/** Tries what the relaxed dot product makes of 1 * 200: 200, 1 * (200 - 256), or something else. */
function dotOperand(exports: Exports, build: BuildName): DotOperand {
  if (build !== "relaxed") return "seven";
  const sum = exports.probeDot(127, 255);
  if (sum === 4 * 127 * 255) return exports.probeDot(-128, 255) === 4 * -128 * 255 ? "unsigned" : "seven";
  return sum === -4 * 127 && exports.probeDot(-128, 128) === 4 * 128 * 128 ? "signed" : "seven";
}
