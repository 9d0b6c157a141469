/** What kernels find wrong with the data that they are given (assembly/fault.ts), as an error. */
import { IndexError } from "@bitbudget/backend";
import type { LinearMemory } from "./memory/linear-memory.ts";
/** Words: whether there is a fault, then the index, its position, and the length of the axis. */
export declare const FAULT_BYTES = 16;
/** The fault that was recorded, if one was. It is taken: the next one can be recorded. */
export declare function takeFault(memory: LinearMemory, address: number): IndexError | undefined;
//# sourceMappingURL=fault.d.ts.map