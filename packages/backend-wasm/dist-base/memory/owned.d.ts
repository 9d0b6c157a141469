import type { LinearMemory, NumberArray } from "./linear-memory.ts";
import type { Workspace } from "./workspace.ts";
export declare class Owned {
    #private;
    constructor(memory: LinearMemory, workspace: Workspace);
    /** Bytes of its own. */
    get bytes(): number;
    /** A copy of the array in memory. */
    store(array: NumberArray): number;
    /** Memory filled with zeros. */
    allocate(bytes: number): number;
    /** Uninitialized bytes while the kernel runs, apart from what it asked for before. Ask for the address in each run. */
    workspace(bytes: number): () => number;
    dispose(): void;
}
//# sourceMappingURL=owned.d.ts.map