/** SIMD kernels in WebAssembly: floats, and codes of 8, 4 and 2 bits, computed on as they are. */
import { type Backend, createBackend } from "@bitbudget/backend";
import { createContext } from "./create-context.ts";
import { wasmDevice } from "./device.ts";
import { engine } from "./engine.ts";
import { kernels } from "./kernels/index.ts";
import { type BuildName, bestBuild } from "./module.ts";

export interface OpenOptions {
  /** Build of the kernels. Default: the best that the engine runs. "simd" is the same on every engine, to the last bit. */
  readonly build?: BuildName;
  /** Limit of the memory in bytes, at most 4 GiB, which is the default. */
  readonly maxBytes?: number;
}

/** Opens the backend. @throws Error where the engine has no WebAssembly SIMD */
export async function open({ build = bestBuild(), maxBytes }: OpenOptions = {}): Promise<Backend> {
  const context = await createContext({ build, ...(maxBytes !== undefined && { maxBytes }) });
  const info = {
    key: `wasm-${build}/${engine()}`,
    description: `WebAssembly (${build} build, dot product: ${context.dot}) in ${engine()}`,
    imageLayout: "nhwc",
  } as const;
  const device = wasmDevice(context.memory, info, () => {});
  return createBackend({ name: "wasm", device, context, kernels });
}

export type { BuildName };
