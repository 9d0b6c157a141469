/** Bytes for tests: of vectors, of texts, made of pieces. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export function fromText(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export function join(...parts: readonly ArrayLike<number>[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

export function bytesOf(data: ArrayBufferView): Bytes {
  return Uint8Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** xorshift32, the top bytes: as in vectors/make_images.py. */
export function noise(length: number): Bytes {
  let state = 12345;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 24;
  });
}
