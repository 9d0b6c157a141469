/** Begins the work of the threads of a pool: their control block, and the order that goes with it. */
import { SCRATCH_BYTES } from "../context.js";
import { direct } from "./direct.js";
import { Jobs } from "./jobs.js";
import { CONTROL_BYTES, controlBytes, UP } from "./layout.js";
import { Queue } from "./queue.js";
import { queued } from "./queued.js";
export function createOrder(common, plan, pool) {
    const { module, memory, exports, fault } = common;
    // Memory that was never used is zero. The block is near the start, and stays in this buffer when the memory grows.
    const control = pool === undefined ? 0 : memory.allocate(controlBytes(plan.queued));
    const scratch = Array.from({ length: plan.threads }, () => memory.allocate(SCRATCH_BYTES));
    exports.setScratch(scratch[0]);
    if (pool === undefined)
        return direct(memory, exports, fault);
    const { buffer } = memory.wasm;
    const words = new Int32Array(buffer, control, CONTROL_BYTES / 4);
    const jobs = new Jobs(buffer, exports);
    const crew = { pool, control, words, jobs, split: splitter(plan) };
    words[UP] = plan.queued ? 0 : 1;
    const beginning = { module, memory: memory.wasm, control, scratch };
    if (!plan.queued) {
        pool.begin(beginning, {});
        return direct(memory, exports, fault, crew);
    }
    const queue = new Queue(words, jobs, control);
    memory.reclaimer = queue;
    pool.begin(beginning, { progress: () => queue.advance(), failure: (error) => queue.fail(error) });
    return queued(memory, fault, crew, queue);
}
function splitter({ threads, minimumWork }) {
    return (total, work) => {
        const worthwhile = minimumWork === 0 ? threads : Math.floor(work / minimumWork);
        return Math.max(1, Math.min(threads, total, worthwhile));
    };
}
//# sourceMappingURL=create-order.js.map