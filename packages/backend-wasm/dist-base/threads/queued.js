/** Calls that are done later, in their order, by threads: for the main thread of a page, which must not wait. */
import { takeFault } from "../fault.js";
import { functionNames } from "../gen/kernels.js";
/** Bytes that a copy moves in the time of one operation. */
const BYTES_PER_OPERATION = 16;
export function queued(memory, fault, { pool, split }, queue) {
    const numbers = new Map(functionNames.map((name, i) => [name, i]));
    const enqueue = (name, total, work, args) => queue.run(numbers.get(name), total, split(total, work), args);
    // Memory that no call has seen can be written at once.
    let fresh = { address: -1, issued: -1 };
    return {
        run(name, total, work, ...args) {
            if (pool.failure !== undefined)
                throw pool.failure;
            if (total > 0)
                enqueue(name, total, work, args);
        },
        // Nothing is known yet: `settled` looks.
        raise() { },
        created(address) {
            fresh = { address, issued: queue.issued };
        },
        write(address, data) {
            if (pool.failure !== undefined)
                throw pool.failure;
            const isFresh = fresh.address === address && fresh.issued === queue.issued;
            if (isFresh || queue.idle) {
                memory.bytes(address, data.length).set(data);
                return;
            }
            const staged = memory.store(data);
            enqueue("copyBytes", data.length, data.length / BYTES_PER_OPERATION, [staged, address]);
            memory.free(staged);
        },
        settled: (look) => queue.settled(() => {
            const error = takeFault(memory, fault);
            if (error !== undefined)
                throw error;
            return look();
        }),
        ready: () => (pool.isReady ? undefined : pool.ready),
        close: () => pool.close(),
    };
}
//# sourceMappingURL=queued.js.map