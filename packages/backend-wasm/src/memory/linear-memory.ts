/** The one memory of a backend: grows when it must, up to a limit, and hands out addresses. */
import { OutOfMemoryError } from "@bitbudget/backend";
import { Allocator } from "./allocator.ts";

export const PAGE = 65536;
/** All that 32-bit addresses reach. The module's import says the same. */
export const MAX_BYTES = 2 ** 32;
/**
 * Kernels read whole vectors, and so past the end of what they were given. What they find there is never used, but it
 * has to be memory.
 */
const OVERREAD = 128;

export type NumberArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Says when memory that is given back is free for others: calls that use it may still be to come. */
export interface Reclaimer {
  later(release: () => void): void;
  /** Releases what can be released. */
  advance(): void;
}

export class LinearMemory {
  readonly wasm: WebAssembly.Memory;
  /** Without one, memory is free for others as soon as it is given back. */
  reclaimer: Reclaimer | undefined;
  readonly #allocator: Allocator;
  readonly #maxBytes: number;

  /** @param heapBase first byte that the module leaves free. @param maxBytes limit, at most 4 GiB */
  constructor(wasm: WebAssembly.Memory, heapBase: number, maxBytes: number) {
    this.wasm = wasm;
    this.#maxBytes = maxBytes;
    this.#allocator = new Allocator(heapBase);
    this.#allocator.extend(wasm.buffer.byteLength - OVERREAD);
  }

  get usedBytes(): number {
    this.reclaimer?.advance();
    return this.#allocator.usedBytes;
  }

  /** Address of uninitialized memory. @throws OutOfMemoryError */
  allocate(bytes: number): number {
    this.reclaimer?.advance();
    const address = this.#allocator.allocate(bytes);
    if (address !== undefined) return address;
    this.#grow(bytes);
    const grown = this.#allocator.allocate(bytes);
    if (grown === undefined) throw new OutOfMemoryError(bytes, this.usedBytes, this.#maxBytes);
    return grown;
  }

  free(address: number): void {
    if (this.reclaimer === undefined) this.#allocator.free(address);
    else this.reclaimer.later(() => this.#allocator.free(address));
  }

  /** A copy of the array. */
  store(array: NumberArray): number {
    const address = this.allocate(array.byteLength);
    this.bytes(address, array.byteLength).set(
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    );
    return address;
  }

  /** Views are for use at once: when the memory grows, they go stale. */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.wasm.buffer, address, length);
  }

  int32(address: number, length: number): Int32Array {
    return new Int32Array(this.wasm.buffer, address, length);
  }

  float32(address: number, length: number): Float32Array {
    return new Float32Array(this.wasm.buffer, address, length);
  }

  /** Grows by what is missing, or by an eighth of what there is, so that many small tensors do not grow it each time. */
  #grow(bytes: number): void {
    const now = this.wasm.buffer.byteLength;
    const missing = this.#allocator.missing(bytes);
    for (const more of [Math.max(missing, now / 8), missing]) {
      const pages = Math.ceil(more / PAGE);
      if (now + pages * PAGE > this.#maxBytes) continue;
      try {
        this.wasm.grow(pages);
      } catch {
        // A RangeError: the engine has no memory for so many pages. Fewer may do.
        continue;
      }
      this.#allocator.extend(this.wasm.buffer.byteLength - OVERREAD);
      return;
    }
    throw new OutOfMemoryError(bytes, this.usedBytes, this.#maxBytes);
  }
}
