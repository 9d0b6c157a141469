/**
 * Inside a worker, a backend may wait for its threads: the suite, split as finely as it can be. In Node, its main thread
 * may wait as well, and conformance.test.ts does the same there.
 */

import type { AllOptions } from "@bitbudget/backend-wasm/internal";
import { expect, test } from "vitest";
import type { Findings } from "./support/suite-worker.ts";

const hasWorkers = typeof Worker === "function";

test.for(["simd", "relaxed"] as const)(
  "the %s build passes the suite in a worker",
  { timeout: 60_000 },
  async (build, { skip }) => {
    if (!hasWorkers) return skip("these workers are those of browsers");
    const options: AllOptions = { build, threads: 2, minimumWork: 0, allUp: true };
    const { key, passed, failures } = await inWorker(options);
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(100);
    // Not behind a queue.
    expect(key).toContain(`wasm-${build}/2 threads/`);
  },
);

async function inWorker(options: AllOptions): Promise<Findings> {
  const worker = new Worker(new URL("./support/suite-worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }) => resolve(data));
      worker.addEventListener("error", ({ message }) => reject(new Error(message)));
      worker.postMessage(options);
    });
  } finally {
    worker.terminate();
  }
}
