/** The suite, for both builds and for all ways to run them: alone, with threads, and behind the queue of a page. */

import { type AllOptions, openWith } from "@bitbudget/backend-wasm/internal";
import { describeBackend } from "../../src/vitest.ts";

const module = "@bitbudget/backend-wasm";

/** Threads take part in everything that can be split, however small: that finds ranges with wrong ends. */
const ways = {
  wasm: { threads: 1 },
  "wasm-simd": { threads: 1, build: "simd" },
  "wasm-threads": { threads: 2, minimumWork: 0 },
  "wasm-simd-threads": { threads: 2, minimumWork: 0, build: "simd" },
  "wasm-queue": { threads: 2, minimumWork: 0, canWait: false },
  // A page that is not cross-origin isolated.
  "wasm-not-shared": { threads: 2, canShare: false },
} as const satisfies Record<string, AllOptions>;

for (const [name, options] of Object.entries(ways))
  describeBackend(name, () => openWith({ ...options, allUp: true }), { module });
