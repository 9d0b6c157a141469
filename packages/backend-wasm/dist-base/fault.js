/** What kernels find wrong with the data that they are given (assembly/fault.ts), as an error. */
import { IndexError } from "@bitbudget/backend";
/** Words: whether there is a fault, then the index, its position, and the length of the axis. */
export const FAULT_BYTES = 16;
/** The fault that was recorded, if one was. It is taken: the next one can be recorded. */
export function takeFault(memory, address) {
    const words = memory.int32(address, 4);
    if (words[0] === 0)
        return undefined;
    words[0] = 0;
    return new IndexError(words[1], words[2], words[3]);
}
//# sourceMappingURL=fault.js.map