/** Memory for what a kernel needs only while it runs. All kernels share it: they run one after the other. */
import type { LinearMemory } from "./linear-memory.ts";

export class Workspace {
  readonly #memory: LinearMemory;
  #address = 0;
  #bytes = 0;

  constructor(memory: LinearMemory) {
    this.#memory = memory;
  }

  /** Where it lies now. */
  get address(): number {
    return this.#address;
  }

  /** Makes it at least so large. */
  reserve(bytes: number): void {
    if (bytes <= this.#bytes) return;
    const address = this.#memory.allocate(bytes);
    if (this.#bytes > 0) this.#memory.free(this.#address);
    this.#address = address;
    this.#bytes = bytes;
  }
}
