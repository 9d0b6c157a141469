/**
 * A memory that can grow to `maxBytes`. Engines reserve the addresses of a shared memory, and some refuse 4 GiB of them:
 * then it can grow to a half, a quarter, and so on. @throws RangeError where they give none
 */
export declare function makeMemory(maxBytes: number, shared: boolean): WebAssembly.Memory;
//# sourceMappingURL=make-memory.d.ts.map