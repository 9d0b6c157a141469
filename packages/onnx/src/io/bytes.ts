/** Bytes in memory; the messages read from them share that memory. */
export type Bytes = Uint8Array | ArrayBuffer;

/** A plain Uint8Array over the same memory: a subclass like Node's Buffer would pass its own `slice` on to every view. */
export function asBytes(source: Bytes): Uint8Array {
  return source instanceof Uint8Array
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
