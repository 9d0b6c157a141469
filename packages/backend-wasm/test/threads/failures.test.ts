/** Threads that do not start, or do not work: an error that says so, and never a call that hangs. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { createContext } from "../../dist/create-context.js";
import { openWith } from "../../dist/open.js";
import { planThreads } from "../../dist/threads/plan.js";

const hasWorkers = typeof Worker === "function";
const threadError = expect.objectContaining({
  code: "THREAD",
  message: expect.stringContaining("{ threads: 1 }"),
});

afterEach(() => void vi.unstubAllGlobals());

describe.each([
  ["two threads", true],
  ["a queue", false],
])("with %s", (_, canWait) => {
  test("a kernel that ends in an exception on a thread", async ({ skip }) => {
    if (canWait && hasWorkers) skip("the main thread of a page may not wait");
    const plan = planThreads({ threads: 2, minimumWork: 0, canWait });
    const { order, memory } = await createContext({ build: "simd", plan });
    await order.ready();
    // Onto itself, and the second half is beyond the memory.
    const start = memory.wasm.buffer.byteLength - 2 ** 10;
    const beyond = () => order.run("copyBytes", 2 ** 11, 1, start, start);
    // Here the exception itself may come out, when it was this thread that did the part.
    if (canWait) expect(beyond).toThrow(/out of bounds|{ threads: 1 }/);
    else {
      beyond();
      await expect(order.settled(() => 1)).rejects.toThrow(threadError);
      expect(beyond).toThrow(threadError);
    }
    await order.close();
  });
});

describe("in browsers", () => {
  // In Node, threads.node.test.ts does the like.
  test("a script that is not there", async ({ skip }) => {
    if (!hasWorkers) skip("these workers are those of browsers");
    vi.stubGlobal(
      "Worker",
      class extends Worker {
        constructor(url: URL, options: WorkerOptions) {
          super(new URL("./not-there.js", url), options);
        }
      },
    );
    const backend = await openWith({ threads: 2 });
    await expect(openWith({ threads: 2, allUp: true })).rejects.toThrow(threadError);
    const x = backend.create({ dtype: "float32", shape: [4] });
    await expect(backend.read(x)).rejects.toThrow(threadError);
    await backend.dispose();
  });

  test("a page that does not allow workers", async ({ skip }) => {
    if (!hasWorkers) skip("these workers are those of browsers");
    vi.stubGlobal(
      "Worker",
      class {
        constructor() {
          throw new DOMException("refused by the content security policy", "SecurityError");
        }
      },
    );
    await expect(openWith({ threads: 2 })).rejects.toThrow(threadError);
    await using alone = await openWith({ threads: 1 });
    expect(alone.device.key).toContain("/1 thread/");
  });
});
