/** Opens the backend, with the options that are for tests alone. */
import { createBackend } from "@bitbudget/backend";
import { createContext } from "./create-context.js";
import { wasmDevice } from "./device.js";
import { engine } from "./engine.js";
import { kernels } from "./kernels/index.js";
import { bestBuild } from "./module.js";
import { planThreads } from "./threads/plan.js";
export async function openWith(options = {}) {
    const { build = bestBuild(), maxBytes, allUp = false } = options;
    const plan = planThreads(options);
    const context = await createContext({ build, plan, ...(maxBytes !== undefined && { maxBytes }) });
    if (allUp)
        await context.order.ready();
    const threads = `${plan.threads} ${plan.threads === 1 ? "thread" : "threads"}`;
    const info = {
        key: `wasm-${build}/${threads}${plan.queued ? " behind a queue" : ""}/${engine()}`,
        description: `WebAssembly (${build} build, dot product: ${context.dot}, ${threads}) in ${engine()}`,
        imageLayout: "nhwc",
    };
    return createBackend({ name: "wasm", device: wasmDevice(context, info), context, kernels });
}
//# sourceMappingURL=open.js.map