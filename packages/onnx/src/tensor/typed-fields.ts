/** The typed fields of TensorProto as packed little-endian bytes, so that everything after has one form to read. */
import { TensorError } from "../errors.ts";
import type { TensorProto } from "../proto.ts";
import type { Format } from "./formats.ts";

/**
 * Bytes of the typed field of a format. The field has `entries` entries: the caller checked that.
 * @throws TensorError for an entry that does not fit the format
 */
export function typedBytes(tensor: TensorProto, format: Format, entries: number): Uint8Array {
  switch (format.field) {
    case "floatData":
      return bytesOf(Float32Array.from(tensor.floatData));
    case "doubleData":
      return bytesOf(Float64Array.from(tensor.doubleData));
    case "int64Data":
      return bytesOf(BigInt64Array.from(tensor.int64Data));
    case "uint64Data":
      return format.bits === 64
        ? bytesOf(BigUint64Array.from(tensor.uint64Data))
        : bytesOf(narrow(tensor, Uint32Array.from(tensor.uint64Data, Number), tensor.uint64Data.map(Number)));
    case "int32Data":
      return int32Bytes(tensor, format, entries);
    case "stringData":
      throw new TensorError(tensor.name, "strings have no raw form");
  }
}

/** Below 32 bits an entry is the number itself, or the bits of a float, or one byte of packed codes. */
function int32Bytes(tensor: TensorProto, format: Format, entries: number): Uint8Array {
  const { int32Data } = tensor;
  switch (format.name) {
    case "int32":
      return bytesOf(Int32Array.from(int32Data));
    case "int16":
      return bytesOf(narrow(tensor, Int16Array.from(int32Data), int32Data));
    case "int8":
      return bytesOf(narrow(tensor, Int8Array.from(int32Data), int32Data));
    case "int4":
    case "int2": {
      // A byte of two or four signed codes: some writers sign-extend it.
      const bytes = new Uint8Array(entries);
      for (let i = 0; i < entries; i++) {
        const entry = int32Data[i]!;
        if (entry < -128 || entry > 255) throw misfit(tensor, i, entry);
        bytes[i] = entry;
      }
      return bytes;
    }
    default:
      return format.bits === 16
        ? bytesOf(narrow(tensor, Uint16Array.from(int32Data), int32Data))
        : narrow(tensor, Uint8Array.from(int32Data), int32Data);
  }
}

/** `stored` when no entry lost anything on its way into it. */
function narrow<A extends ArrayLike<number>>(tensor: TensorProto, stored: A, entries: readonly number[]): A {
  for (let i = 0; i < entries.length; i++) {
    if (stored[i] !== entries[i]) throw misfit(tensor, i, entries[i]!);
  }
  return stored;
}

function misfit(tensor: TensorProto, index: number, entry: number): TensorError {
  return new TensorError(
    tensor.name,
    `entry ${index} is ${entry}, which its data type cannot hold; write it again`,
  );
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
