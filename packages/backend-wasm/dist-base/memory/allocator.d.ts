/**
 * Which bytes of an address range are in use. Free ranges are kept in the order of their addresses, so that neighbours
 * join when one is freed; a request takes the smallest that fits. Addresses are numbers; nothing here touches memory.
 */
/** Addresses are multiples of a cache line, so that threads that write neighbouring blocks do not share one. */
export declare const ALIGNMENT = 64;
export declare class Allocator {
    #private;
    /** Starts with no memory at `start`; `extend` adds some. */
    constructor(start: number);
    /** Bytes in use, with what alignment adds. */
    get usedBytes(): number;
    /** First address beyond the memory that it manages. */
    get end(): number;
    /** Address of `bytes` bytes, or undefined where no free range is large enough. */
    allocate(bytes: number): number | undefined;
    /** @throws RangeError for an address that is not in use: freeing twice is a fault of the caller */
    free(address: number): void;
    /** Bytes that `extend` has to add at the end before `bytes` bytes fit. */
    missing(bytes: number): number;
    /** Takes the memory up to `end` into use. */
    extend(end: number): void;
}
//# sourceMappingURL=allocator.d.ts.map