export declare const PAGE = 65536;
/** All that 32-bit addresses reach. The module's import says the same. */
export declare const MAX_BYTES: number;
export type NumberArray = Float64Array | Float32Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;
/** Says when memory that is given back is free for others: calls that use it may still be to come. */
export interface Reclaimer {
    later(release: () => void): void;
    /** Releases what can be released. */
    advance(): void;
}
export declare class LinearMemory {
    #private;
    readonly wasm: WebAssembly.Memory;
    /** Without one, memory is free for others as soon as it is given back. */
    reclaimer: Reclaimer | undefined;
    /** @param heapBase first byte that the module leaves free. @param maxBytes limit, at most 4 GiB */
    constructor(wasm: WebAssembly.Memory, heapBase: number, maxBytes: number);
    get usedBytes(): number;
    /** Address of uninitialized memory. @throws OutOfMemoryError */
    allocate(bytes: number): number;
    free(address: number): void;
    /** A copy of the array. */
    store(array: NumberArray): number;
    /** Views are for use at once: when the memory grows, they go stale. */
    bytes(address: number, length: number): Uint8Array;
    int32(address: number, length: number): Int32Array;
    float32(address: number, length: number): Float32Array;
}
//# sourceMappingURL=linear-memory.d.ts.map