/** Opens the backend, with the options that are for tests alone. */
import { type Backend, createBackend } from "@bitbudget/backend";
import { createContext } from "./create-context.ts";
import { wasmDevice } from "./device.ts";
import { engine } from "./engine.ts";
import { kernels } from "./kernels/index.ts";
import { type BuildName, bestBuild } from "./module.ts";
import { planThreads, type ThreadOptions } from "./threads/plan.ts";

export interface AllOptions extends ThreadOptions {
  readonly build?: BuildName;
  readonly maxBytes?: number;
  /** Whether all threads are up when it resolves. Else the first kernels run on those that are. Default: false. */
  readonly allUp?: boolean;
}

export async function openWith(options: AllOptions = {}): Promise<Backend> {
  const { build = bestBuild(), maxBytes, allUp = false } = options;
  const plan = planThreads(options);
  const context = await createContext({ build, plan, ...(maxBytes !== undefined && { maxBytes }) });
  if (allUp) await context.order.ready();
  const threads = `${plan.threads} ${plan.threads === 1 ? "thread" : "threads"}`;
  const info = {
    key: `wasm-${build}/${threads}${plan.queued ? " behind a queue" : ""}/${engine()}`,
    description: `WebAssembly (${build} build, dot product: ${context.dot}, ${threads}) in ${engine()}`,
    imageLayout: "nhwc",
  } as const;
  return createBackend({ name: "wasm", device: wasmDevice(context, info), context, kernels });
}
