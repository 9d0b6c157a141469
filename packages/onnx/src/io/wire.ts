/**
 * One pass over the bytes of a message before anything is decoded.
 *
 * The protobuf runtime trusts a file more than a stranger's model deserves: it reads a field whatever its wire type,
 * and a nested message may run past the end of its parent. This pass checks all that the decoder takes for
 * granted (lengths, wire types, nesting, UTF-8) and allocates nothing, so that decoding can only succeed.
 * Encoding: https://protobuf.dev/programming-guides/encoding
 */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { ParseError, type ParseReason } from "../errors.ts";

/** How many messages may lie inside each other, as in the protobuf runtimes of other languages. */
export const NESTING_LIMIT = 100;

const VARINT = 0;
const BIT64 = 1;
const LENGTH = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const BIT32 = 5;

interface FieldShape {
  readonly name: string;
  readonly repeated: boolean;
  /** Wire type of one value. */
  readonly wire: number;
  readonly packable: boolean;
  readonly text: boolean;
  readonly message: DescMessage | undefined;
}

const shapes = new WeakMap<DescMessage, Map<number, FieldShape>>();

function shapeOf(message: DescMessage): Map<number, FieldShape> {
  let shape = shapes.get(message);
  if (shape === undefined) {
    shape = new Map(message.fields.map((field) => [field.number, fieldShape(field)]));
    shapes.set(message, shape);
  }
  return shape;
}

function fieldShape(field: DescField): FieldShape {
  const repeated = field.fieldKind === "list";
  const scalar = field.scalar ?? (field.message === undefined ? ScalarType.INT32 : undefined);
  const wire = scalar === undefined ? LENGTH : wireOf(scalar);
  return {
    name: field.name,
    repeated,
    wire,
    packable: repeated && wire !== LENGTH,
    text: scalar === ScalarType.STRING,
    message: field.message,
  };
}

function wireOf(scalar: ScalarType): number {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return LENGTH;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return BIT32;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return BIT64;
    default:
      return VARINT;
  }
}

/** Throws a ParseError unless `bytes` is a well-formed message of the given type. Linear in the size of the file. */
export function checkWire(message: DescMessage, bytes: Uint8Array): void {
  try {
    new Scanner(bytes).message(message, bytes.length, 1);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    throw new ParseError(fault.reason, fault.offset, fault.detail, fault.path.reverse().join("."));
  }
}

/** What a scan found, on its way up through the messages that hold it; each adds its field to the path. */
class Fault {
  readonly reason: ParseReason;
  readonly offset: number;
  readonly detail: string;
  /** Innermost field first. */
  readonly path: string[] = [];
  constructor(reason: ParseReason, offset: number, detail: string) {
    this.reason = reason;
    this.offset = offset;
    this.detail = detail;
  }
}

class Scanner {
  private readonly bytes: Uint8Array;
  private pos = 0;
  private utf8: TextDecoder | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  message(type: DescMessage, end: number, depth: number): void {
    if (depth > NESTING_LIMIT) {
      this.fail("nesting", `messages lie more than ${NESTING_LIMIT} deep; flatten the subgraphs`);
    }
    const fields = shapeOf(type);
    const start = this.pos;
    while (this.pos < end) {
      const at = this.pos;
      const { number, wire } = this.tag(end);
      const field = fields.get(number);
      if (field === undefined) {
        this.skip(number, wire, end, depth);
        continue;
      }
      try {
        this.field(field, wire, end, depth);
      } catch (fault) {
        if (fault instanceof Fault) {
          const indexed = field.repeated && !field.packable;
          fault.path.push(
            indexed ? `${field.name}[${this.occurrences(number, start, at, end)}]` : field.name,
          );
        }
        throw fault;
      }
    }
  }

  private field(field: FieldShape, wire: number, end: number, depth: number): void {
    if (wire === LENGTH && field.packable) {
      this.packed(field.wire, this.length(end));
      return;
    }
    if (wire !== field.wire) {
      const detail = `wire type ${wire} where ${field.wire} belongs; the file is damaged or not ONNX`;
      this.fail("wire type", detail);
    }
    if (wire !== LENGTH) {
      this.scalar(wire, end);
      return;
    }
    const stop = this.length(end);
    if (field.message !== undefined) this.message(field.message, stop, depth + 1);
    else if (field.text) this.text(stop);
    this.pos = stop;
  }

  private scalar(wire: number, end: number): void {
    if (wire === VARINT) {
      this.varint(end);
      return;
    }
    const size = wire === BIT64 ? 8 : 4;
    if (end - this.pos < size) this.fail("truncated", "a number ends early; the file is cut off or damaged");
    this.pos += size;
  }

  private packed(wire: number, end: number): void {
    if (wire === VARINT) {
      while (this.pos < end) this.varint(end);
      return;
    }
    const size = wire === BIT64 ? 8 : 4;
    if ((end - this.pos) % size !== 0) {
      const detail = `${end - this.pos} bytes are not a whole number of ${size}-byte values`;
      this.fail("packed length", detail);
    }
    this.pos = end;
  }

  private tag(end: number): { number: number; wire: number } {
    const at = this.pos;
    const tag = this.varint(end);
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (tag > 0xffffffff || number === 0 || wire > BIT32) {
      this.fail("tag", "no field starts here; the file is damaged or not ONNX", at);
    }
    return { number, wire };
  }

  /** End of the length-delimited value at the cursor, which moves to its first byte. */
  private length(end: number): number {
    const at = this.pos;
    const length = this.varint(end);
    if (length > end - this.pos) {
      const whole = end === this.bytes.length;
      const detail = whole
        ? `${length} bytes are declared and ${end - this.pos} are left; the file is cut off or damaged`
        : `${length} bytes are declared where its message has ${end - this.pos} left; the file is damaged`;
      this.fail(whole ? "truncated" : "overrun", detail, at);
    }
    return this.pos + length;
  }

  /** Value of the varint at the cursor; exact up to 2^53. */
  private varint(end: number): number {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.pos >= end) this.fail("truncated", "a number ends early; the file is cut off or damaged");
      const byte = bytes[this.pos++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return this.fail("varint", "a number has more than ten bytes; the file is damaged");
  }

  private text(end: number): void {
    const { bytes } = this;
    let i = this.pos;
    while (i < end && bytes[i]! < 0x80) i++;
    if (i === end) return;
    this.utf8 ??= new TextDecoder("utf-8", { fatal: true });
    try {
      this.utf8.decode(bytes.subarray(this.pos, end));
    } catch {
      this.fail(
        "UTF-8",
        "its text is not UTF-8; the file is damaged or was written by a tool with another encoding",
      );
    }
  }

  /** Steps over a field of a later version of the format. */
  private skip(number: number, wire: number, end: number, depth: number): void {
    if (wire === LENGTH) {
      this.pos = this.length(end);
    } else if (wire === START_GROUP) {
      this.group(number, end, depth + 1);
    } else if (wire === END_GROUP) {
      this.fail("group", "a group ends that did not start; the file is damaged");
    } else {
      this.scalar(wire, end);
    }
  }

  private group(open: number, end: number, depth: number): void {
    if (depth > NESTING_LIMIT) this.fail("nesting", `groups lie more than ${NESTING_LIMIT} deep`);
    for (;;) {
      const { number, wire } = this.tag(end);
      if (wire !== END_GROUP) {
        this.skip(number, wire, end, depth);
      } else if (number === open) {
        return;
      } else {
        this.fail("group", `group ${open} is closed as group ${number}; the file is damaged`);
      }
    }
  }

  /** How often field `wanted` occurs between two positions that have been checked before. */
  private occurrences(wanted: number, from: number, to: number, end: number): number {
    const stopped = this.pos;
    let count = 0;
    this.pos = from;
    while (this.pos < to) {
      const { number, wire } = this.tag(end);
      if (number === wanted) count++;
      this.skip(number, wire, end, 1);
    }
    this.pos = stopped;
    return count;
  }

  private fail(reason: ParseReason, detail: string, at = this.pos): never {
    throw new Fault(reason, at, detail);
  }
}
