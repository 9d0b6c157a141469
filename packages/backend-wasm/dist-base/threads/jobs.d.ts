/** Jobs in shared memory: a call of a kernel over a range, as numbers, so that any thread can do a part of it. */
import { type Exports } from "../gen/kernels.ts";
export declare class Jobs {
    #private;
    constructor(buffer: ArrayBufferLike, exports: Exports);
    write(address: number, fn: number, total: number, parts: number, args: readonly number[]): void;
    /** Into how many parts it should be split. */
    parts(address: number): number;
    /** Does one of `parts` parts: equal shares of the range, but for one. */
    run(address: number, part: number, parts: number): void;
}
//# sourceMappingURL=jobs.d.ts.map