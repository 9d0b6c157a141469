/** Bytes that are not a model get one typed error that says where, and nothing is allocated for what they declare. */
import { describe, expect, test } from "vitest";
import { ParseError, type ParseReason, parseModel, TextError, writeModel } from "../src/index.ts";
import { block, bytes, number, tag, varint } from "./support/bytes.ts";
import { sampleModel } from "./support/sample.ts";

function failure(file: Uint8Array): ParseError {
  try {
    parseModel(file);
  } catch (error) {
    if (error instanceof ParseError) return error;
    throw error;
  }
  throw new Error("it was read");
}

const graph = (...fields: number[][]): Uint8Array => bytes(number(1, 8), block(7, fields.flat()));

describe("bad bytes", () => {
  const cases: [string, Uint8Array, ParseReason, number, string][] = [
    ["no bytes", new Uint8Array(0), "empty", 0, ""],
    ["a zero", Uint8Array.of(0), "tag", 0, ""],
    ["field number 0", bytes(tag(0, 2)), "tag", 0, ""],
    ["wire type 6", Uint8Array.of(0x0e, 0), "tag", 0, ""],
    ["a tag beyond 32 bits", bytes(varint(2n ** 40n)), "tag", 0, ""],
    ["a size beyond the end", bytes([...tag(7, 2), ...varint(100), 1]), "truncated", 1, "graph"],
    ["a size of 2^63", bytes([...tag(7, 2), ...varint(2n ** 63n)]), "truncated", 1, "graph"],
    [
      "a size beyond its message",
      graph(block(5, [...tag(9, 2), 50]), block(2, "x".repeat(99))),
      "overrun",
      7,
      "graph.initializer[0].raw_data",
    ],
    ["a number that ends early", bytes(tag(1, 0), [0x80]), "truncated", 2, "ir_version"],
    ["a number of eleven bytes", bytes(tag(1, 0), Array(10).fill(0xff), [1]), "varint", 11, "ir_version"],
    ["text as a number", graph([...tag(2, 0), 5]), "wire type", 5, "graph.name"],
    [
      "a number as text",
      graph(block(1, []), block(1, block(5, block(20, "5")))),
      "wire type",
      12,
      "graph.node[1].attribute[0].type",
    ],
    ["a message as a number", bytes(number(7, 1)), "wire type", 1, "graph"],
    ["a message as a group", bytes(tag(7, 3), tag(7, 4)), "wire type", 1, "graph"],
    [
      "half a packed float",
      graph(block(5, block(4, [0, 0, 0]))),
      "packed length",
      8,
      "graph.initializer[0].float_data",
    ],
    [
      "packed numbers that end early",
      graph(block(5, block(7, [1, 0x80]))),
      "truncated",
      10,
      "graph.initializer[0].int64_data",
    ],
    [
      "half a double",
      graph(block(5, [...tag(10, 1), 0, 0, 0, 0])),
      "truncated",
      7,
      "graph.initializer[0].double_data",
    ],
    [
      "text that is Latin-1",
      graph(block(1, [...block(1, "a"), ...block(1, [0x66, 0xfc])])),
      "UTF-8",
      11,
      "graph.node[0].input[1]",
    ],
    ["text with a surrogate", bytes(block(2, [0xed, 0xa0, 0x80])), "UTF-8", 2, "producer_name"],
    ["overlong text", bytes(block(2, [0xc0, 0x80])), "UTF-8", 2, "producer_name"],
    ["the end of no group", bytes(tag(900, 4)), "group", 2, ""],
    ["the end of another group", bytes(tag(900, 3), tag(901, 4)), "group", 4, ""],
    ["a group that does not end", bytes(tag(900, 3), number(1, 1)), "truncated", 4, ""],
  ];

  test.each(cases)("%s", (_, file, reason, offset, path) => {
    const error = failure(file);
    expect({ reason: error.reason, offset: error.offset, path: error.path }).toEqual({
      reason,
      offset,
      path,
    });
    expect(error.code).toBe("ONNX_PARSE");
    expect(error.name).toBe("ParseError");
  });

  test("a message cut off anywhere is read only where a field of it ends", () => {
    const file = writeModel(sampleModel());
    const ends = new Set<number>();
    for (let pos = 0; pos < file.length; ) {
      // All top-level fields of the sample are numbers or length-delimited.
      const next = (): number => {
        let value = 0;
        for (let shift = 1; ; shift *= 128) {
          const byte = file[pos++]!;
          value += (byte & 127) * shift;
          if (byte < 128) return value;
        }
      };
      const wire = next() % 8;
      const value = next();
      if (wire === 2) pos += value;
      ends.add(pos);
    }
    for (let length = 1; length < file.length; length++) {
      const cut = file.subarray(0, length);
      if (ends.has(length)) expect(() => parseModel(cut)).not.toThrow();
      else expect(failure(cut).reason).toBe("truncated");
    }
  });

  test("messages inside each other stop at a depth, long before the stack does", () => {
    const nested = (levels: number): Uint8Array => {
      // graph.node.attribute.g.node.attribute.g ...: three messages a level, built from the inside out.
      let content: number[] = [];
      for (let i = 0; i < levels; i++) content = block(1, block(5, block(6, content)));
      return bytes(block(7, content));
    };
    expect(() => parseModel(nested(32))).not.toThrow();
    expect(failure(nested(33)).reason).toBe("nesting");
    expect(failure(nested(2000)).reason).toBe("nesting");
  });

  test("groups inside each other stop at the same depth", () => {
    const groups = (levels: number): Uint8Array =>
      bytes(Array(levels).fill(tag(900, 3)).flat(), Array(levels).fill(tag(900, 4)).flat());
    expect(() => parseModel(groups(98))).not.toThrow();
    expect(failure(groups(100)).reason).toBe("nesting");
    expect(failure(groups(100_000)).reason).toBe("nesting");
  });

  test("a lone surrogate is refused when writing", () => {
    const model = sampleModel();
    model.graph!.node[1]!.input[0] = "a\ud800";
    expect(() => writeModel(model)).toThrow(TextError);
    expect(() => writeModel(model)).toThrow(/graph\.node\[1\]\.input\[0\]/);
  });
});
