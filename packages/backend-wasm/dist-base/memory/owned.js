/** What one kernel has: packed weights and constants in memory of its own, and its part of the shared workspace. */
import { ALIGNMENT } from "./allocator.js";
export class Owned {
    #memory;
    #workspace;
    #addresses = [];
    #bytes = 0;
    #workspaceBytes = 0;
    constructor(memory, workspace) {
        this.#memory = memory;
        this.#workspace = workspace;
    }
    /** Bytes of its own. */
    get bytes() {
        return this.#bytes;
    }
    /** A copy of the array in memory. */
    store(array) {
        const address = this.#memory.store(array);
        this.#keep(address, array.byteLength);
        return address;
    }
    /** Memory filled with zeros. */
    allocate(bytes) {
        const address = this.#memory.allocate(bytes);
        this.#memory.bytes(address, bytes).fill(0);
        this.#keep(address, bytes);
        return address;
    }
    /** Uninitialized bytes while the kernel runs, apart from what it asked for before. Ask for the address in each run. */
    workspace(bytes) {
        const offset = this.#workspaceBytes;
        this.#workspaceBytes += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT + ALIGNMENT;
        this.#workspace.reserve(this.#workspaceBytes);
        return () => this.#workspace.address + offset;
    }
    dispose() {
        for (const address of this.#addresses)
            this.#memory.free(address);
        this.#addresses.length = 0;
    }
    #keep(address, bytes) {
        this.#addresses.push(address);
        this.#bytes += bytes;
    }
}
//# sourceMappingURL=owned.js.map