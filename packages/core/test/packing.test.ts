import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  CodeError,
  decodeArray,
  encodeArray,
  pack,
  ShapeError,
  unpack,
} from "../src/index.ts";
import { packingCases } from "./support/vectors.ts";

describe("as onnx.numpy_helper packs", () => {
  test.each(packingCases)("$dtype: $codes", ({ dtype, codes, values, bytes }) => {
    const { length } = codes;
    const bits = dtype.endsWith("2") ? 2 : 4;
    const unsigned = Uint8Array.from(codes);
    expect([...pack(unsigned, bits)]).toEqual(bytes);
    const unpacked = unpack(dtype, Uint8Array.from(bytes), length);
    expect([...pack(unpacked, bits)]).toEqual(bytes);
    expect([...encodeArray(dtype, values)]).toEqual(bytes);
    expect([...decodeArray(dtype, Uint8Array.from(bytes), length)]).toEqual(values);
    if (dtype.startsWith("int")) expect([...unpacked]).toEqual(values);
    else expect([...unpacked]).toEqual(codes);
  });
});

test("the first code is in the low bits, what is left of the last byte is 0", () => {
  expect(pack(Uint8Array.of(0x1, 0x2, 0xf), 4)).toEqual(Uint8Array.of(0x21, 0x0f));
  expect(pack(Int8Array.of(-1, 7, -8), 4)).toEqual(Uint8Array.of(0x7f, 0x08));
  expect(pack(Uint8Array.of(0, 1, 2, 3, 3), 2)).toEqual(Uint8Array.of(0b11_10_01_00, 0b11));
  expect(pack(Int8Array.of(-2, 1, -1), 2)).toEqual(Uint8Array.of(0b11_01_10));
});

test.each(["int4", "uint4", "int2", "uint2", "float4_e2m1"] as const)("unpack undoes pack: %s", (dtype) => {
  const bits = dtype.endsWith("2") ? 2 : 4;
  const signed = dtype.startsWith("int");
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const code = fc.integer({ min: low, max: low + 2 ** bits - 1 });
  fc.assert(
    fc.property(fc.array(code, { maxLength: 70 }), (list) => {
      const codes = signed ? Int8Array.from(list) : Uint8Array.from(list);
      expect(unpack(dtype, pack(codes, bits), codes.length)).toEqual(codes);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (packed) => {
      const codes = unpack(dtype, packed, (packed.length * 8) / bits);
      expect(pack(codes, bits)).toEqual(new Uint8Array(packed));
    }),
  );
});

test("into arrays that are given, and that are longer", () => {
  const packed = new Uint8Array(4).fill(0xee);
  expect(pack(Uint8Array.of(1, 2, 3), 4, packed)).toBe(packed);
  expect([...packed]).toEqual([0x21, 0x03, 0xee, 0xee]);
  const codes = new Int8Array(5).fill(99);
  expect(unpack("int4", packed, 4, codes)).toBe(codes);
  expect([...codes]).toEqual([1, 2, 3, 0, 99]);
});

describe("errors", () => {
  test.each([
    [Uint8Array.of(1, 2, 16), 4, 16, 2, "16 at index 2 is not a code of uint4; use integers from 0 to 15"],
    [Int8Array.of(1, 8), 4, 8, 1, "8 at index 1 is not a code of int4; use integers from -8 to 7"],
    [Int8Array.of(-9, 1, 2, 3), 4, -9, 0, "-9 at index 0 is not a code of int4; use integers from -8 to 7"],
    [Int8Array.of(0, 1, 127), 4, 127, 2, "127 at index 2"],
    [Int8Array.of(0, 1, 0, -128), 4, -128, 3, "-128 at index 3"],
    [Uint8Array.of(1, 2, 3, 3, 4), 2, 4, 4, "4 at index 4 is not a code of uint2; use integers from 0 to 3"],
    [Int8Array.of(1, -2, 2), 2, 2, 2, "2 at index 2 is not a code of int2; use integers from -2 to 1"],
  ])("codes %s in %d bits", (codes, bits, value, index, message) => {
    expect(() => pack(codes, bits)).toThrow(message);
    expect(() => pack(codes, bits)).toThrow(
      expect.objectContaining({ name: "CodeError", code: "CODE", value, index }),
    );
    expect(() => pack(codes, bits)).toThrow(CodeError);
  });

  test("every code of 8 bits either packs or is refused", () => {
    for (let code = -128; code < 256; code++) {
      const codes = code < 0 ? Int8Array.of(code) : Uint8Array.of(code);
      if (code >= -8 && code < 16) expect([...pack(codes, 4)]).toEqual([code & 15]);
      else expect(() => pack(codes, 4)).toThrow(CodeError);
    }
  });

  test("other widths and short arrays", () => {
    expect(() => pack(Uint8Array.of(1), 8)).toThrow(ArgumentError);
    expect(() => pack(Uint8Array.of(1), 3)).toThrow("codes of 3 bits do not pack; use 2 or 4 bits");
    expect(() => unpack("int8", Uint8Array.of(1), 1)).toThrow(ArgumentError);
    expect(() => pack(Uint8Array.of(1, 2, 3), 4, new Uint8Array(1))).toThrow(ShapeError);
    expect(() => unpack("int4", Uint8Array.of(1), 3)).toThrow(`"packed" has 1 elements where 2 are needed`);
    expect(() => unpack("int4", Uint8Array.of(1), 2, new Int8Array(1))).toThrow(ShapeError);
    expect(() => unpack("int4", Uint8Array.of(1), 1.5)).toThrow(ShapeError);
  });
});
