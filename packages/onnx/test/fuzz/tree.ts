/** A message as a tree of fields, so that an injury to one of them leaves the lengths around it right. */
import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

interface Field {
  readonly no: number;
  readonly wire: WireType;
  /** What follows the tag (and the length); or the fields of a message. */
  data: Uint8Array | Field[];
}

/** A message with some injured fields: repeated, taken out, moved, exchanged, their values or texts changed. */
export function injureFields(
  type: DescMessage,
  bytes: Uint8Array,
  injuries: number,
  below: (n: number) => number,
): Uint8Array {
  const root = read(type, bytes);
  for (let i = 0; i < injuries; i++) injureField(root, below);
  return write(root);
}

function injureField(root: Field[], below: (n: number) => number): void {
  const lists: Field[][] = [];
  collect(root, lists);
  if (lists.length === 0) return;
  const list = lists[below(lists.length)]!;
  const at = below(list.length);
  const field = list[at]!;
  const other = lists[below(lists.length)]!;
  switch (below(6)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      list.splice(at, 0, field);
      break;
    case 2:
      list.splice(at, 1);
      list.splice(below(list.length + 1), 0, field);
      break;
    case 3: {
      // The value of another field of the same kind: a name that exists elsewhere, another size, another subgraph.
      const kin = other.find(
        (one) => one.wire === field.wire && Array.isArray(one.data) === Array.isArray(field.data),
      );
      // A message inside itself would have no end.
      if (kin !== undefined) field.data = Array.isArray(kin.data) ? structuredClone(kin.data) : kin.data;
      break;
    }
    default:
      field.data = changed(field, below);
  }
}

const numbers = [
  0n,
  1n,
  2n,
  -1n,
  7n,
  8n,
  127n,
  2n ** 31n,
  2n ** 40n,
  2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];

function changed(field: Field, below: (n: number) => number): Uint8Array | Field[] {
  if (Array.isArray(field.data)) return [];
  if (field.wire === WireType.Varint)
    return new BinaryWriter().int64(numbers[below(numbers.length)]!).finish();
  const data = Uint8Array.from(field.data);
  if (data.length > 0) data[below(data.length)] = below(256);
  if (field.wire !== WireType.LengthDelimited) return data;
  return below(2) === 0 ? data : data.subarray(0, below(data.length + 1));
}

/** Types of the fields that are messages, by number. */
const messages = new WeakMap<DescMessage, Map<number, DescMessage | undefined>>();

function read(type: DescMessage, bytes: Uint8Array): Field[] {
  let kinds = messages.get(type);
  if (kinds === undefined) {
    kinds = new Map(type.fields.map((field) => [field.number, field.message]));
    messages.set(type, kinds);
  }
  const reader = new BinaryReader(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [no, wire] = reader.tag();
    const message = kinds.get(no);
    if (wire === WireType.LengthDelimited) {
      const content = reader.bytes();
      fields.push({ no, wire, data: message === undefined ? content : read(message, content) });
    } else {
      fields.push({ no, wire, data: reader.skip(wire, no) });
    }
  }
  return fields;
}

function collect(fields: Field[], lists: Field[][]): void {
  if (fields.length > 0) lists.push(fields);
  for (const { data } of fields) if (Array.isArray(data)) collect(data, lists);
}

function write(fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { no, wire, data } of fields) {
    writer.tag(no, wire);
    const content = Array.isArray(data) ? write(data) : data;
    if (wire === WireType.LengthDelimited) writer.bytes(content);
    else writer.raw(content);
  }
  return writer.finish();
}
