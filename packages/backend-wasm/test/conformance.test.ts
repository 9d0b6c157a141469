/** Both builds pass the suite. */
import { open } from "@bitbudget/backend-wasm";
import { describeBackend } from "@bitbudget/conformance/vitest";

describeBackend("wasm", open, { module: "@bitbudget/backend-wasm" });
describeBackend("wasm-simd", () => open({ build: "simd" }), { module: "@bitbudget/backend-wasm" });
