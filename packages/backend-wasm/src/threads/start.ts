/** Threads as the platform has them: workers of browsers, or those of Node. */
import { type NodeThreads, nodeConcurrency, nodeThreads } from "./node.ts";

export interface Thread {
  post(message: unknown): void;
  /** From now on, it keeps no process alive. */
  release(): void;
  end(): Promise<unknown> | undefined;
}

/** What a thread that was started tells. */
export interface Listener {
  message(message: unknown): void;
  /** It could not be started, or it has ended. */
  failure(error: unknown): void;
}

/** Whether this thread can start others. */
export function canStartThreads(): boolean {
  return nodeThreads !== undefined || typeof Worker === "function";
}

/** Whether memory can be shared with workers: not in pages that are not cross-origin isolated. */
export function canShareMemory(): boolean {
  const { crossOriginIsolated }: { readonly crossOriginIsolated?: boolean } = globalThis;
  return typeof SharedArrayBuffer === "function" && crossOriginIsolated !== false;
}

/** Whether this thread may sleep until another wakes it: not the main thread of a page. */
export function canBlock(): boolean {
  try {
    // The value is another one, so that it does not in fact sleep.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/** Threads that run at the same time. */
export function concurrency(): number {
  const { navigator }: { readonly navigator?: Navigator } = globalThis;
  return nodeConcurrency() ?? navigator?.hardwareConcurrency ?? 1;
}

/** Starts a thread that runs worker.ts. */
export function startThread(listener: Listener): Thread {
  return nodeThreads === undefined ? startWorker(listener) : startNodeThread(nodeThreads, listener);
}

function startWorker(listener: Listener): Thread {
  // In this form, bundlers see that there is a script to bundle.
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }) => listener.message(data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    listener.failure(event.message ?? "its script could not be loaded");
  });
  return {
    post: (message) => worker.postMessage(message),
    release() {},
    end() {
      worker.terminate();
      return undefined;
    },
  };
}

function startNodeThread({ Worker }: NodeThreads, listener: Listener): Thread {
  const script = "./worker.js";
  // What the process was started with (loaders, inspectors) is not for this thread.
  const worker = new Worker(new URL(script, import.meta.url), { execArgv: [] });
  worker.on("message", (message) => listener.message(message));
  worker.on("error", (error) => listener.failure(error));
  worker.on("exit", (code) => listener.failure(new Error(`it has ended with code ${code}`)));
  return {
    post: (message) => worker.postMessage(message),
    release: () => worker.unref(),
    end() {
      // Who waits for the end should see it.
      worker.ref();
      return worker.terminate();
    },
  };
}
