/** Memory for what a kernel needs only while it runs. All kernels share it: they run one after the other. */
import type { LinearMemory } from "./linear-memory.ts";
export declare class Workspace {
    #private;
    constructor(memory: LinearMemory);
    /** Where it lies now. */
    get address(): number;
    /** Makes it at least so large. */
    reserve(bytes: number): void;
}
//# sourceMappingURL=workspace.d.ts.map