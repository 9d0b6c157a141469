/** Codes of 2 and 4 bits in bytes, as ONNX packs them: the first in the low bits, the last byte filled with zeros. */
import { checkLength, checkRoom } from "./checks.ts";
import { type DType, dtypeInfo } from "./dtypes.ts";
import { ArgumentError, CodeError } from "./errors.ts";

/** One code in each element: signed integers in an Int8Array, all else in a Uint8Array. */
export type Codes = Int8Array | Uint8Array;

/**
 * Packs codes of 2 or 4 bits. Those in an Int8Array are signed, those in a Uint8Array are not. Throws CodeError, with the
 * index, for a code that does not fit; `out` then holds part of the result.
 */
export function pack(codes: Codes, bits: number, out?: Uint8Array): Uint8Array {
  checkBits(bits);
  const { length } = codes;
  const perByte = 8 / bits;
  const packed = out ?? new Uint8Array(Math.ceil(length / perByte));
  checkRoom("out", packed.length, Math.ceil(length / perByte));
  const bytes = new Uint8Array(codes.buffer, codes.byteOffset, length);
  const mask = 2 ** bits - 1;
  // A signed code fits if all bits above its own repeat its sign: half the range up, it is then an unsigned one.
  const shift = codes instanceof Int8Array ? 2 ** (bits - 1) : 0;
  let seen = 0;
  let at = 0;
  let i = 0;
  if (bits === 4) {
    for (; i + 1 < length; i += 2) {
      const low = bytes[i]!;
      const high = bytes[i + 1]!;
      seen |= (low + shift) | (high + shift);
      packed[at++] = (low & 15) | (high << 4);
    }
  }
  for (; i < length; at++) {
    let byte = 0;
    for (let place = 0; place < 8 && i < length; place += bits) {
      const code = bytes[i++]!;
      seen |= code + shift;
      byte |= (code & mask) << place;
    }
    packed[at] = byte;
  }
  if (seen & 255 & ~mask) throw badCode(codes, bits, shift);
  return packed;
}

function badCode(codes: Codes, bits: number, shift: number): CodeError {
  const max = 2 ** bits - 1 - shift;
  const index = codes.findIndex((code) => code < -shift || code > max);
  const dtype = `${shift ? "int" : "uint"}${bits}`;
  return new CodeError(codes[index]!, dtype, index, `use integers from ${-shift} to ${max}`);
}

/** The codes of a packed format: signed integers with their sign. Throws ShapeError if `packed` or `out` is too short. */
export function unpack(dtype: DType, packed: Uint8Array, length: number, out?: Codes): Codes {
  const info = dtypeInfo(dtype);
  const { bits } = info;
  checkBits(bits);
  checkLength(length);
  checkRoom("packed", packed.length, Math.ceil((length * bits) / 8));
  const signed = info.kind === "integer" && info.signed;
  const codes = out ?? new (signed ? Int8Array : Uint8Array)(length);
  checkRoom("out", codes.length, length);
  const bytes = new Uint8Array(codes.buffer, codes.byteOffset, length);
  const mask = 2 ** bits - 1;
  const sign = signed ? 2 ** (bits - 1) : 0;
  const byteShift = bits === 4 ? 1 : 2;
  const places = 8 / bits - 1;
  for (let i = 0; i < length; i++) {
    const code = (packed[i >>> byteShift]! >> ((i & places) * bits)) & mask;
    bytes[i] = (code ^ sign) - sign;
  }
  return codes;
}

function checkBits(bits: number): void {
  if (bits !== 2 && bits !== 4) throw new ArgumentError(`codes of ${bits} bits do not pack; use 2 or 4 bits`);
}
