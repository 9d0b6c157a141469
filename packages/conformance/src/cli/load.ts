/** Finds the backend that a command names. */
import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Backend } from "@bitbudget/backend";

/** What was typed makes no sense; the message says what to type instead. */
export class UsageError extends Error {}

/** `open` of a module: a path from the current folder, or a package installed there. */
export async function loadOpen(module: string): Promise<() => Promise<Backend>> {
  const loaded: unknown = await import(locate(module)).catch((error: unknown) => {
    throw new UsageError(
      `cannot load ${module}: ${error instanceof Error ? error.message : error}\n` +
        "Give the path of a module, such as ./dist/index.js, or the name of an installed package.",
    );
  });
  if (
    typeof loaded === "object" &&
    loaded !== null &&
    "open" in loaded &&
    typeof loaded.open === "function"
  ) {
    const { open } = loaded;
    return async () => open();
  }
  throw new UsageError(
    `${module} does not export open; a backend module exports a function open(): Promise<Backend>`,
  );
}

function locate(module: string): string {
  if (module.startsWith(".") || isAbsolute(module)) return pathToFileURL(resolve(module)).href;
  try {
    return pathToFileURL(createRequire(join(process.cwd(), "module.js")).resolve(module)).href;
  } catch {
    return module;
  }
}
