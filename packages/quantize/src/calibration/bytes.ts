/** Numbers and texts to bytes and back: little-endian, integers in as many groups of 7 bits as they need (LEB128). */
import { CalibrationFormatError } from "./errors.ts";

export class ByteWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;

  /** An integer of 0 to 2^53 - 1. */
  integer(x: number): void {
    this.#reserve(8);
    for (; x >= 128; x = Math.floor(x / 128)) this.#bytes[this.#length++] = (x % 128) | 128;
    this.#bytes[this.#length++] = x;
  }

  /** An integer with a sign of its own in front. */
  signed(x: number): void {
    this.integer(x < 0 ? 1 : 0);
    this.integer(Math.abs(x));
  }

  doubles(...values: readonly number[]): void {
    this.raw(new Uint8Array(Float64Array.from(values).buffer));
  }

  floats(values: Float32Array): void {
    this.raw(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.integer(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * (this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Every read checks that the bytes are there before anything of their size is made. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  fail(detail: string): never {
    throw new CalibrationFormatError(detail, this.#at);
  }

  integer(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.raw(1)[0]!;
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER || scale > 2 ** 49) this.fail("an integer is too large");
      if (byte < 128) return value;
    }
  }

  /** A number of things that follow, each of `size` bytes or more. */
  length(what: string, size = 1): number {
    const length = this.integer();
    if (length * size > this.left) this.fail(`${length} ${what} do not fit into the ${this.left} bytes left`);
    return length;
  }

  signed(): number {
    const sign = this.integer();
    if (sign > 1) this.fail("a sign is neither 0 nor 1");
    const value = this.integer();
    return sign === 1 ? -value : value;
  }

  double(): number {
    const bytes = this.raw(8);
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  }

  floats(length: number): Float32Array {
    return new Float32Array(this.raw(4 * length).slice().buffer);
  }

  text(): string {
    const bytes = this.raw(this.length("bytes of text"));
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return this.fail("a text is not UTF-8");
    }
  }

  raw(length: number): Uint8Array {
    if (length > this.left) this.fail("the bytes end too soon");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
