/** The one memory of a backend: grows when it must, up to a limit, and hands out addresses. */
import { OutOfMemoryError } from "@bitbudget/backend";
import { Allocator } from "./allocator.js";
export const PAGE = 65536;
/** All that 32-bit addresses reach. The module's import says the same. */
export const MAX_BYTES = 2 ** 32;
/**
 * Kernels read whole vectors, and so past the end of what they were given. What they find there is never used, but it
 * has to be memory.
 */
const OVERREAD = 128;
export class LinearMemory {
    wasm;
    /** Without one, memory is free for others as soon as it is given back. */
    reclaimer;
    #allocator;
    #maxBytes;
    /** @param heapBase first byte that the module leaves free. @param maxBytes limit, at most 4 GiB */
    constructor(wasm, heapBase, maxBytes) {
        this.wasm = wasm;
        this.#maxBytes = maxBytes;
        this.#allocator = new Allocator(heapBase);
        this.#allocator.extend(wasm.buffer.byteLength - OVERREAD);
    }
    get usedBytes() {
        this.reclaimer?.advance();
        return this.#allocator.usedBytes;
    }
    /** Address of uninitialized memory. @throws OutOfMemoryError */
    allocate(bytes) {
        this.reclaimer?.advance();
        const address = this.#allocator.allocate(bytes);
        if (address !== undefined)
            return address;
        this.#grow(bytes);
        const grown = this.#allocator.allocate(bytes);
        if (grown === undefined)
            throw new OutOfMemoryError(bytes, this.usedBytes, this.#maxBytes);
        return grown;
    }
    free(address) {
        if (this.reclaimer === undefined)
            this.#allocator.free(address);
        else
            this.reclaimer.later(() => this.#allocator.free(address));
    }
    /** A copy of the array. */
    store(array) {
        const address = this.allocate(array.byteLength);
        this.bytes(address, array.byteLength).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
        return address;
    }
    /** Views are for use at once: when the memory grows, they go stale. */
    bytes(address, length) {
        return new Uint8Array(this.wasm.buffer, address, length);
    }
    int32(address, length) {
        return new Int32Array(this.wasm.buffer, address, length);
    }
    float32(address, length) {
        return new Float32Array(this.wasm.buffer, address, length);
    }
    /** Grows by what is missing, or by an eighth of what there is, so that many small tensors do not grow it each time. */
    #grow(bytes) {
        const now = this.wasm.buffer.byteLength;
        const missing = this.#allocator.missing(bytes);
        for (const more of [Math.max(missing, now / 8), missing]) {
            const pages = Math.ceil(more / PAGE);
            if (now + pages * PAGE > this.#maxBytes)
                continue;
            try {
                this.wasm.grow(pages);
            }
            catch {
                // A RangeError: the engine has no memory for so many pages. Fewer may do.
                continue;
            }
            this.#allocator.extend(this.wasm.buffer.byteLength - OVERREAD);
            return;
        }
        throw new OutOfMemoryError(bytes, this.usedBytes, this.#maxBytes);
    }
}
//# sourceMappingURL=linear-memory.js.map