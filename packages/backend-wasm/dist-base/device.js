import { allocateStorage, elementCount, storageBytes } from "@bitbudget/core";
export function wasmDevice({ memory, order }, info) {
    return {
        info,
        allocate({ dtype, shape }) {
            const bytes = storageBytes(dtype, shape);
            const address = memory.allocate(bytes);
            memory.bytes(address, bytes).fill(0);
            order.created(address);
            return address;
        },
        view: (address, _type, byteOffset) => address + byteOffset,
        write(address, _type, data) {
            order.write(address, bytesOf(data));
        },
        read(address, type) {
            return order.settled(() => {
                const copy = allocateStorage(type.dtype, elementCount(type.shape));
                bytesOf(copy).set(memory.bytes(address, copy.byteLength));
                return copy;
            });
        },
        free: (address) => memory.free(address),
        stopwatch: (run) => stopwatch(order, run),
        close: () => order.close(),
    };
}
/** Times runs with all threads up: what they take to start is no part of it. */
function stopwatch(order, run) {
    let waited = 0;
    const runAll = (times) => {
        for (let i = 0; i < times; i++)
            run();
        return order.settled(() => { });
    };
    return {
        clock: "performance.now",
        now: () => performance.now() - waited,
        run(times) {
            const starting = order.ready();
            if (starting === undefined)
                return runAll(times);
            const start = performance.now();
            return starting.then(() => {
                waited += performance.now() - start;
                return runAll(times);
            });
        },
    };
}
function bytesOf({ buffer, byteOffset, byteLength }) {
    return new Uint8Array(buffer, byteOffset, byteLength);
}
//# sourceMappingURL=device.js.map