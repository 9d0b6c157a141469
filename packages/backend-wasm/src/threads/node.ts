/** Node's threads, without an import: browsers would fail to load it, and bundlers to find it. */

/** The parts of Node that are used; in browsers there is no `process`. */
interface NodeProcess {
  readonly versions?: { readonly node?: string };
  getBuiltinModule?(name: "node:worker_threads"): NodeThreads;
  getBuiltinModule?(name: "node:os"): { availableParallelism(): number };
}

export interface NodeThreads {
  readonly parentPort: NodePort | null;
  readonly Worker: new (url: URL, options: { readonly execArgv: readonly string[] }) => NodeWorker;
}

interface NodePort {
  once(event: "message", listener: (message: unknown) => void): void;
  postMessage(message: unknown): void;
}

interface NodeWorker extends NodePort {
  on(event: "message" | "error" | "exit", listener: (value: unknown) => void): void;
  terminate(): Promise<number>;
  ref(): void;
  unref(): void;
}

const { process }: Pick<typeof globalThis, "performance"> & { readonly process?: NodeProcess } = globalThis;
/** Node's module without an import, which browsers would fail to load. Node has it this way since 20.16. */
export const nodeThreads: NodeThreads | undefined =
  process?.versions?.node === undefined ? undefined : process.getBuiltinModule?.("node:worker_threads");

/** Threads that run at the same time; undefined in browsers. */
export function nodeConcurrency(): number | undefined {
  return process?.getBuiltinModule?.("node:os").availableParallelism();
}
