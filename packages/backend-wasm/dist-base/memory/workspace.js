export class Workspace {
    #memory;
    #address = 0;
    #bytes = 0;
    constructor(memory) {
        this.#memory = memory;
    }
    /** Where it lies now. */
    get address() {
        return this.#address;
    }
    /** Makes it at least so large. */
    reserve(bytes) {
        if (bytes <= this.#bytes)
            return;
        const address = this.#memory.allocate(bytes);
        if (this.#bytes > 0)
            this.#memory.free(this.#address);
        this.#address = address;
        this.#bytes = bytes;
    }
}
//# sourceMappingURL=workspace.js.map