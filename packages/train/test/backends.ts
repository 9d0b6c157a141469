/** The backends that training is tested on. */
import type { Backend } from "@bitbudget/backend";
import { open as openJs } from "@bitbudget/backend-js";
import { open as openWasm } from "@bitbudget/backend-wasm";

export const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  "backend-js": openJs,
  "backend-wasm with 2 threads": () => openWasm({ threads: 2 }),
};
