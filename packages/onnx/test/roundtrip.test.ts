/** What is read and written unchanged stays equal, field for field and byte for byte. */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  equals,
  isFieldSet,
  ModelProtoSchema,
  NodeProtoSchema,
  parseModel,
  writeModel,
} from "../src/index.ts";
import { block, bytes, number, tag, varint } from "./support/bytes.ts";
import { sampleModel } from "./support/sample.ts";

describe("a model that is read and written unchanged", () => {
  test("is equal field for field, in every corner of the format", () => {
    const model = sampleModel();
    const written = writeModel(model);
    const read = parseModel(written);
    expect(equals(ModelProtoSchema, read, model)).toBe(true);
    expect(writeModel(read)).toEqual(written);
    expect(read.graph?.node[0]?.attribute[1]?.i).toBe(-(2n ** 63n));
    expect(Object.is(read.graph?.node[0]?.attribute[4]?.floats[1], -0)).toBe(true);
  });

  test("tells a field that is set to its default from one that is not set", () => {
    const file = bytes(number(1, 8), block(2, ""), block(7, block(1, [...block(3, ""), ...block(7, "")])));
    const model = parseModel(file);
    expect(isFieldSet(model, ModelProtoSchema.field.producerName)).toBe(true);
    expect(isFieldSet(model, ModelProtoSchema.field.producerVersion)).toBe(false);
    expect(isFieldSet(model.graph!.node[0]!, NodeProtoSchema.field.opType)).toBe(false);
    expect(writeModel(model)).toEqual(file);
  });

  test("keeps fields that this version does not know, groups among them", () => {
    const later = [
      ...number(900, -5n),
      ...block(901, [1, 2, 3]),
      ...[...tag(902, 5), 1, 2, 3, 4],
      ...[...tag(903, 1), 1, 2, 3, 4, 5, 6, 7, 8],
      ...[...tag(904, 3), ...number(1, 1), ...tag(905, 3), ...tag(905, 4), ...tag(904, 4)],
    ];
    const file = bytes(
      number(1, 8),
      block(7, [...block(1, [...block(4, "Relu"), ...later]), ...later]),
      later,
    );
    expect(writeModel(parseModel(file))).toEqual(file);
  });

  test("keeps enumeration numbers of later versions", () => {
    const file = bytes(block(7, block(1, block(5, [...block(1, "a"), ...number(20, 99)]))));
    expect(parseModel(file).graph?.node[0]?.attribute[0]?.type).toBe(99);
    expect(writeModel(parseModel(file))).toEqual(file);
  });

  test("is equal when its numbers were packed and its fields out of order", () => {
    const packed = bytes(block(7, block(5, [...block(9, [0, 0]), ...block(1, [1, 2]), ...number(2, 3)])));
    const model = parseModel(packed);
    expect(model.graph?.initializer[0]?.dims).toEqual([1n, 2n]);
    expect(equals(ModelProtoSchema, parseModel(writeModel(model)), model)).toBe(true);
  });

  test("is a well-formed message of any content", () => {
    fc.assert(
      fc.property(messageOf(ModelProtoSchema, 4), (file) => {
        const bytes = Uint8Array.from(file);
        if (bytes.length === 0) return;
        expect(writeModel(parseModel(bytes))).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });
});

/** Arbitrary bytes of a message with its fields in ascending order, made from the schema alone. */
function messageOf(type: DescMessage, depth: number): fc.Arbitrary<number[]> {
  const fields = [...type.fields].sort((a, b) => a.number - b.number);
  const oneofs = new Set<string>();
  const arbitraries = fields.map((field) => {
    // One member of each oneof: a second would replace the first.
    if (field.oneof !== undefined) {
      if (oneofs.has(field.oneof.name)) return fc.constant<number[]>([]);
      oneofs.add(field.oneof.name);
    }
    const value = fieldOf(field, depth);
    if (field.fieldKind === "list") {
      return field.packed
        ? fc.array(value, { maxLength: 3 }).map((v) => (v.length > 0 ? block(field.number, v.flat()) : []))
        : fc
            .array(value, { maxLength: 2 })
            .map((v) => v.flatMap((one) => [...tag(field.number, wire(field)), ...one]));
    }
    const single = value.map((one) => [...tag(field.number, wire(field)), ...one]);
    return fc.option(single, { nil: [], freq: 2 });
  });
  return fc.tuple(...arbitraries).map((parts) => parts.flat());
}

function wire(field: DescField): number {
  if (field.scalar === ScalarType.FLOAT) return 5;
  if (field.scalar === ScalarType.DOUBLE) return 1;
  return field.message !== undefined ||
    field.scalar === ScalarType.STRING ||
    field.scalar === ScalarType.BYTES
    ? 2
    : 0;
}

function fieldOf(field: DescField, depth: number): fc.Arbitrary<number[]> {
  const prefixed = (content: readonly number[]): number[] => [...varint(content.length), ...content];
  if (field.message !== undefined) {
    return depth === 0 ? fc.constant([0]) : messageOf(field.message, depth - 1).map(prefixed);
  }
  const buffer = (fill: (view: DataView) => void, size: number): number[] => {
    const view = new DataView(new ArrayBuffer(size));
    fill(view);
    return [...new Uint8Array(view.buffer)];
  };
  switch (field.scalar) {
    case ScalarType.STRING:
      return fc
        .string({ unit: "grapheme", maxLength: 4 })
        .map((text) => prefixed([...new TextEncoder().encode(text)]));
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 8 }).map((content) => prefixed([...content]));
    case ScalarType.FLOAT:
      return fc.float({ noNaN: true }).map((x) => buffer((view) => view.setFloat32(0, x, true), 4));
    case ScalarType.DOUBLE:
      return fc.double({ noNaN: true }).map((x) => buffer((view) => view.setFloat64(0, x, true), 8));
    case ScalarType.INT64:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(varint);
    case ScalarType.UINT64:
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(varint);
    default:
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(varint);
  }
}
