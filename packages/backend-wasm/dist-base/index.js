import { openWith } from "./open.js";
/**
 * Opens the backend.
 *
 * @throws Error where the engine has no WebAssembly SIMD, ArgumentError for options out of their range, ThreadError where
 * workers cannot be started. One that fails later shows as a ThreadError of the next call.
 */
export async function open({ build, maxBytes, threads } = {}) {
    return openWith({
        ...(build !== undefined && { build }),
        ...(maxBytes !== undefined && { maxBytes }),
        ...(threads !== undefined && { threads }),
    });
}
export { ThreadError } from "./threads/error.js";
//# sourceMappingURL=index.js.map