/**
 * Which bytes of an address range are in use. Free ranges are kept in the order of their addresses, so that neighbours
 * join when one is freed; a request takes the smallest that fits. Addresses are numbers; nothing here touches memory.
 */
/** Addresses are multiples of a cache line, so that threads that write neighbouring blocks do not share one. */
export const ALIGNMENT = 64;
export class Allocator {
    #free = [];
    #used = new Map();
    #end;
    #usedBytes = 0;
    /** Starts with no memory at `start`; `extend` adds some. */
    constructor(start) {
        this.#end = align(start);
    }
    /** Bytes in use, with what alignment adds. */
    get usedBytes() {
        return this.#usedBytes;
    }
    /** First address beyond the memory that it manages. */
    get end() {
        return this.#end;
    }
    /** Address of `bytes` bytes, or undefined where no free range is large enough. */
    allocate(bytes) {
        const size = align(Math.max(bytes, 1));
        let best;
        for (const range of this.#free) {
            const length = range.end - range.start;
            if (length >= size && (best === undefined || length < best.end - best.start))
                best = range;
        }
        if (best === undefined)
            return undefined;
        const address = best.start;
        best.start += size;
        if (best.start === best.end)
            this.#free.splice(this.#free.indexOf(best), 1);
        this.#used.set(address, size);
        this.#usedBytes += size;
        return address;
    }
    /** @throws RangeError for an address that is not in use: freeing twice is a fault of the caller */
    free(address) {
        const size = this.#used.get(address);
        if (size === undefined)
            throw new RangeError(`address ${address} is not in use`);
        this.#used.delete(address);
        this.#usedBytes -= size;
        this.#release({ start: address, end: address + size });
    }
    /** Bytes that `extend` has to add at the end before `bytes` bytes fit. */
    missing(bytes) {
        const last = this.#free.at(-1);
        const atEnd = last?.end === this.#end ? last.end - last.start : 0;
        return align(Math.max(bytes, 1)) - atEnd;
    }
    /** Takes the memory up to `end` into use. */
    extend(end) {
        const usable = Math.floor(end / ALIGNMENT) * ALIGNMENT;
        if (usable <= this.#end)
            return;
        const start = this.#end;
        this.#end = usable;
        this.#release({ start, end: usable });
    }
    #release(range) {
        const at = this.#after(range.start);
        const before = this.#free[at - 1];
        const after = this.#free[at];
        const joinsBefore = before?.end === range.start;
        const joinsAfter = after?.start === range.end;
        if (joinsBefore && joinsAfter) {
            before.end = after.end;
            this.#free.splice(at, 1);
        }
        else if (joinsBefore)
            before.end = range.end;
        else if (joinsAfter)
            after.start = range.start;
        else
            this.#free.splice(at, 0, range);
    }
    /** Index of the first free range that starts behind `address`. */
    #after(address) {
        let low = 0;
        let high = this.#free.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.#free[middle].start > address)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
}
function align(bytes) {
    return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
//# sourceMappingURL=allocator.js.map