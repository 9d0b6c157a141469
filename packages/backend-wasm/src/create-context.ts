/** Puts a context together: a build of the kernels, a memory, and one thread. */
import { type Context, type DotOperand, SCRATCH_BYTES } from "./context.ts";
import type { Exports } from "./gen/kernels.ts";
import { LinearMemory, MAX_PAGES } from "./memory/linear-memory.ts";
import { Workspace } from "./memory/workspace.ts";
import { type BuildName, compileBuild, instantiate } from "./module.ts";

const INITIAL_PAGES = 64;

export interface ContextOptions {
  readonly build: BuildName;
  readonly maxBytes?: number;
}

export async function createContext({ build, maxBytes = 2 ** 32 }: ContextOptions): Promise<Context> {
  const module = await compileBuild(build, false);
  const wasm = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES });
  const exports = instantiate(module, wasm);
  const memory = new LinearMemory(wasm, exports.heapBase(), maxBytes, false);
  exports.setScratch(memory.allocate(SCRATCH_BYTES));
  return {
    memory,
    workspace: new Workspace(memory),
    exports,
    relaxed: build === "relaxed",
    dot: dotOperand(exports, build),
    run(name, total, _work, ...args) {
      // Every function that the type allows takes begin, end and these.
      const kernel = exports[name] as (...all: number[]) => void;
      if (total > 0) kernel(0, total, ...args);
    },
  };
}

/** Tries what the relaxed dot product makes of 1 * 200: 200, 1 * (200 - 256), or something else. */
function dotOperand(exports: Exports, build: BuildName): DotOperand {
  if (build !== "relaxed") return "seven";
  const sum = exports.probeDot(127, 255);
  if (sum === 4 * 127 * 255) return exports.probeDot(-128, 255) === 4 * -128 * 255 ? "unsigned" : "seven";
  return sum === -4 * 127 && exports.probeDot(-128, 128) === 4 * 128 * 128 ? "signed" : "seven";
}
