/**
 * Loads HiGHS (Huangfu and Hall, "Parallelizing the dual revised simplex method", 2018) in WebAssembly, when it is first
 * needed and once. It reads no text: models are arrays.
 */
import type { Highs, InitOptions } from "highs";
import { SolverError } from "../errors.ts";

export type { InitOptions as HighsOptions } from "highs";

let loaded: Promise<Highs> | undefined;

/**
 * The solver. The first call decides on the options, which matter where a bundler moves `highs.wasm`.
 * @throws SolverError
 */
export function loadHighs(options?: InitOptions): Promise<Highs> {
  loaded ??= load(options).catch((cause: unknown) => {
    loaded = undefined;
    throw new SolverError(
      `HiGHS could not be loaded; where a bundler moved highs.wasm, say where it is with \`locateFile\``,
      { cause },
    );
  });
  return loaded;
}

async function load(options?: InitOptions): Promise<Highs> {
  const { default: exported } = await import("highs");
  // Its types are those of a CommonJS module, and what is imported is none.
  const create = typeof exported === "function" ? exported : exported.default;
  return create(options);
}
