/** Puts a context together: a build of the kernels, a memory, and threads. */
import { ArgumentError } from "@bitbudget/core";
import { FAULT_BYTES } from "./fault.js";
import { instantiate } from "./instantiate.js";
import { LinearMemory, MAX_BYTES } from "./memory/linear-memory.js";
import { makeMemory } from "./memory/make-memory.js";
import { Workspace } from "./memory/workspace.js";
import { compileBuild } from "./module.js";
import { createOrder } from "./threads/create-order.js";
import { Pool } from "./threads/pool.js";
const ALONE = { threads: 1, queued: false, minimumWork: 0 };
/** @throws ArgumentError, ThreadError, OutOfMemoryError */
export async function createContext(options) {
    const { build, maxBytes = MAX_BYTES, plan = ALONE } = options;
    if (!(maxBytes > 0 && maxBytes <= MAX_BYTES))
        throw new ArgumentError(`maxBytes must be positive and at most ${MAX_BYTES}, but is ${maxBytes}`);
    const shared = plan.threads > 1;
    // Threads load their script, and memory is made, while the kernels are compiled.
    const compiling = compileBuild(build, shared);
    const pool = shared ? new Pool(plan.queued ? plan.threads : plan.threads - 1) : undefined;
    try {
        const wasm = makeMemory(maxBytes, shared);
        const module = await compiling;
        const exports = instantiate(module, wasm);
        const memory = new LinearMemory(wasm, exports.heapBase(), maxBytes);
        const fault = memory.allocate(FAULT_BYTES);
        const order = createOrder({ module, memory, exports, fault }, plan, pool);
        return {
            memory,
            workspace: new Workspace(memory),
            exports,
            relaxed: build === "relaxed",
            dot: dotOperand(exports, build),
            fault,
            run: order.run,
            raise: order.raise,
            order,
        };
    }
    catch (error) {
        await pool?.close();
        throw error;
    }
}
/** Tries what the relaxed dot product makes of 1 * 200: 200, 1 * (200 - 256), or something else. */
function dotOperand(exports, build) {
    if (build !== "relaxed")
        return "seven";
    const sum = exports.probeDot(127, 255);
    if (sum === 4 * 127 * 255)
        return exports.probeDot(-128, 255) === 4 * -128 * 255 ? "unsigned" : "seven";
    return sum === -4 * 127 && exports.probeDot(-128, 128) === 4 * 128 * 128 ? "signed" : "seven";
}
//# sourceMappingURL=create-context.js.map