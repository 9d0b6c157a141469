/** Our backends by name. */
import type { Backend } from "@bitbudget/backend";

export const backendNames = ["wasm", "js"] as const;
export type BackendName = (typeof backendNames)[number];

/** Opens a backend. Threads are for wasm alone. */
export async function openBackend(name: BackendName, threads: number): Promise<Backend> {
  if (name === "js") return (await import("@bitbudget/backend-js")).open();
  return (await import("@bitbudget/backend-wasm")).open({ threads });
}
