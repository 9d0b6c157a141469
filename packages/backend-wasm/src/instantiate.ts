/** An instance of the kernels over a memory: each thread has its own. */
import type { Exports } from "./gen/kernels.ts";

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  // Its exports are what src/gen/kernels.ts says: both come out of one compilation.
  return new WebAssembly.Instance(module, { env: { memory } }).exports as {
    [name: string]: unknown;
  } & Exports;
}
