/** Where a journal is kept. Implementations are small, so that files, memory and a browser's storage can all be one. */

export interface JournalStorage {
  /** All bytes there are; none where nothing was written yet. */
  read(): Promise<Uint8Array>;
  /** Adds bytes at the end; resolves when they would survive a crash. Calls do not overlap. */
  append(bytes: Uint8Array): Promise<void>;
  /** Takes away all bytes from a position on. */
  truncate(length: number): Promise<void>;
}

/** A journal that ends with the program. */
export function memoryStorage(
  initial: Uint8Array = new Uint8Array(),
): JournalStorage & { readonly bytes: Uint8Array } {
  let bytes = initial.slice();
  return {
    get bytes() {
      return bytes.slice();
    },
    read: async () => bytes.slice(),
    append: async (more) => {
      const all = new Uint8Array(bytes.length + more.length);
      all.set(bytes);
      all.set(more, bytes.length);
      bytes = all;
    },
    truncate: async (length) => {
      bytes = bytes.slice(0, length);
    },
  };
}
