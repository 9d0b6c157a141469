/** Every element format, raw and in its typed field, against bytes worked out by hand from the ONNX format. */
import { describe, expect, test } from "vitest";
import {
  anyTensorValue,
  create,
  DataTypeError,
  dataType,
  type ElementType,
  ExternalDataError,
  elementType,
  equals,
  type MessageInitShape,
  parseTensor,
  TensorError,
  TensorProtoSchema,
  tensorBytes,
  tensorValue,
  toTensorProto,
  writeTensor,
} from "../src/index.ts";

type Fields = MessageInitShape<typeof TensorProtoSchema>;

interface Case {
  readonly dtype: ElementType;
  readonly number: number;
  readonly dims: bigint[];
  readonly raw: number[];
  readonly typed: Fields;
  readonly data: ArrayLike<unknown>;
}

const cases: Case[] = [
  {
    dtype: "float32",
    number: 1,
    dims: [2n],
    raw: [0, 0, 0x80, 0x3f, 0, 0, 0, 0x80],
    typed: { floatData: [1, -0] },
    data: Float32Array.of(1, -0),
  },
  {
    dtype: "uint8",
    number: 2,
    dims: [2n],
    raw: [0, 255],
    typed: { int32Data: [0, 255] },
    data: Uint8Array.of(0, 255),
  },
  {
    dtype: "int8",
    number: 3,
    dims: [2n],
    raw: [0x80, 1],
    typed: { int32Data: [-128, 1] },
    data: Int8Array.of(-128, 1),
  },
  {
    dtype: "uint16",
    number: 4,
    dims: [1n],
    raw: [0xfe, 0xff],
    typed: { int32Data: [65534] },
    data: Uint16Array.of(65534),
  },
  {
    dtype: "int16",
    number: 5,
    dims: [1n],
    raw: [0, 0x80],
    typed: { int32Data: [-32768] },
    data: Int16Array.of(-32768),
  },
  {
    dtype: "int32",
    number: 6,
    dims: [1n],
    raw: [0, 0, 0, 0x80],
    typed: { int32Data: [-(2 ** 31)] },
    data: Int32Array.of(-(2 ** 31)),
  },
  {
    dtype: "int64",
    number: 7,
    dims: [1n],
    raw: [1, 0, 0, 0, 0, 0, 0, 0x80],
    typed: { int64Data: [1n - 2n ** 63n] },
    data: BigInt64Array.of(1n - 2n ** 63n),
  },
  {
    dtype: "bool",
    number: 9,
    dims: [2n],
    raw: [1, 0],
    typed: { int32Data: [1, 0] },
    data: Uint8Array.of(1, 0),
  },
  {
    dtype: "float16",
    number: 10,
    dims: [2n],
    raw: [0, 0x3c, 0, 0x80],
    typed: { int32Data: [0x3c00, 0x8000] },
    data: Uint16Array.of(0x3c00, 0x8000),
  },
  {
    dtype: "float64",
    number: 11,
    dims: [1n],
    raw: [0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
    typed: { doubleData: [1] },
    data: Float64Array.of(1),
  },
  {
    dtype: "uint32",
    number: 12,
    dims: [1n],
    raw: [0, 0, 0, 0xff],
    typed: { uint64Data: [0xff000000n] },
    data: Uint32Array.of(0xff000000),
  },
  {
    dtype: "uint64",
    number: 13,
    dims: [1n],
    raw: [255, 255, 255, 255, 255, 255, 255, 255],
    typed: { uint64Data: [2n ** 64n - 1n] },
    data: BigUint64Array.of(2n ** 64n - 1n),
  },
  {
    dtype: "complex64",
    number: 14,
    dims: [1n],
    raw: [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40],
    typed: { floatData: [1, 2] },
    data: Float32Array.of(1, 2),
  },
  {
    dtype: "complex128",
    number: 15,
    dims: [1n],
    raw: [0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0],
    typed: { doubleData: [1, 0] },
    data: Float64Array.of(1, 0),
  },
  {
    dtype: "bfloat16",
    number: 16,
    dims: [1n],
    raw: [0x80, 0xbf],
    typed: { int32Data: [0xbf80] },
    data: Uint16Array.of(0xbf80),
  },
  {
    dtype: "float8_e4m3fn",
    number: 17,
    dims: [1n],
    raw: [0x38],
    typed: { int32Data: [0x38] },
    data: Uint8Array.of(0x38),
  },
  {
    dtype: "float8_e4m3fnuz",
    number: 18,
    dims: [1n],
    raw: [0x40],
    typed: { int32Data: [0x40] },
    data: Uint8Array.of(0x40),
  },
  {
    dtype: "float8_e5m2",
    number: 19,
    dims: [1n],
    raw: [0x3c],
    typed: { int32Data: [0x3c] },
    data: Uint8Array.of(0x3c),
  },
  {
    dtype: "float8_e5m2fnuz",
    number: 20,
    dims: [1n],
    raw: [0x80],
    typed: { int32Data: [0x80] },
    data: Uint8Array.of(0x80),
  },
  {
    dtype: "uint4",
    number: 21,
    dims: [3n],
    raw: [0x21, 0x0f],
    typed: { int32Data: [0x21, 0x0f] },
    data: Uint8Array.of(0x21, 0x0f),
  },
  {
    dtype: "int4",
    number: 22,
    dims: [3n],
    raw: [0xf8, 0x07],
    typed: { int32Data: [0xf8, 0x07] },
    data: Uint8Array.of(0xf8, 0x07),
  },
  {
    dtype: "float4_e2m1",
    number: 23,
    dims: [2n],
    raw: [0x7f],
    typed: { int32Data: [0x7f] },
    data: Uint8Array.of(0x7f),
  },
  {
    dtype: "float8_e8m0",
    number: 24,
    dims: [1n],
    raw: [127],
    typed: { int32Data: [127] },
    data: Uint8Array.of(127),
  },
  {
    dtype: "uint2",
    number: 25,
    dims: [5n],
    raw: [0xe4, 0x03],
    typed: { int32Data: [0xe4, 0x03] },
    data: Uint8Array.of(0xe4, 0x03),
  },
  {
    dtype: "int2",
    number: 26,
    dims: [4n],
    raw: [0xe4],
    typed: { int32Data: [-28] },
    data: Uint8Array.of(0xe4),
  },
];

const make = (fields: Fields) => create(TensorProtoSchema, { name: "w", ...fields });

describe("every element format", () => {
  test("has its ONNX number", () => {
    const numbers = [...cases.map((c) => c.number), 8].sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 26 }, (_, i) => i + 1));
    for (const { dtype, number } of cases) {
      expect(elementType(number)).toBe(dtype);
      expect(dataType(dtype)).toBe(number);
    }
    expect(elementType(0)).toBeUndefined();
    expect(elementType(27)).toBeUndefined();
  });

  test.each(cases)("$dtype is read from raw_data, aligned or not, and from its typed field", (row) => {
    const { dtype, number, dims, raw, typed, data } = row;
    const shape = dims.map(Number);
    const expected = { dtype, shape, data };
    const odd = new Uint8Array(raw.length + 1);
    odd.set(raw, 1);
    expect(anyTensorValue(make({ dims, dataType: number, rawData: Uint8Array.from(raw) }))).toEqual(expected);
    expect(anyTensorValue(make({ dims, dataType: number, rawData: odd.subarray(1) }))).toEqual(expected);
    expect(anyTensorValue(make({ dims, dataType: number, ...typed }))).toEqual(expected);
    expect([...tensorBytes(make({ dims, dataType: number, ...typed }))]).toEqual(raw);
  });

  test.each(cases)("$dtype is written as raw_data and read again", ({ dtype, number, dims, raw }) => {
    const tensor = make({ dims, dataType: number, rawData: Uint8Array.from(raw) });
    const written = toTensorProto(anyTensorValue(tensor), "w");
    expect(equals(TensorProtoSchema, written, tensor)).toBe(true);
    expect(anyTensorValue(parseTensor(writeTensor(written))).dtype).toBe(dtype);
  });

  test.each(cases)(
    "$dtype of the wrong length is refused before it is read",
    ({ number, raw, typed, dims }) => {
      const longer = [...dims, 3n];
      expect(() =>
        anyTensorValue(make({ dims: longer, dataType: number, rawData: Uint8Array.from(raw) })),
      ).toThrow(TensorError);
      expect(() =>
        anyTensorValue(make({ dims, dataType: number, rawData: Uint8Array.from([...raw, 0]) })),
      ).toThrow(TensorError);
      expect(() => anyTensorValue(make({ dims: longer, dataType: number, ...typed }))).toThrow(/w.*shape/);
      expect(() => anyTensorValue(make({ dims, dataType: number }))).toThrow(TensorError);
    },
  );

  test.each(cases)("$dtype may have no elements", ({ dtype, number }) => {
    const { shape, data } = anyTensorValue(make({ dims: [3n, 0n], dataType: number }));
    expect([dtype, shape, data.length]).toEqual([dtype, [3, 0], 0]);
  });
});

describe("strings", () => {
  const stringData = ["ä", "", "\ufeffb"].map((text) => new TextEncoder().encode(text));
  test("are read as text", () => {
    const value = { dtype: "string", shape: [3], data: ["ä", "", "\ufeffb"] } as const;
    expect(anyTensorValue(make({ dims: [3n], dataType: 8, stringData }))).toEqual(value);
    expect(toTensorProto(value).stringData).toEqual(stringData);
  });
  test("that are not UTF-8, or too few, are refused", () => {
    expect(() =>
      anyTensorValue(make({ dims: [1n], dataType: 8, stringData: [Uint8Array.of(0xff)] })),
    ).toThrow(/string 0/);
    expect(() => anyTensorValue(make({ dims: [4n], dataType: 8, stringData }))).toThrow(TensorError);
    expect(() => tensorBytes(make({ dims: [3n], dataType: 8, stringData }))).toThrow(TensorError);
  });
});

describe("a tensor that contradicts itself", () => {
  const refused: [string, Fields, RegExp][] = [
    ["a negative dimension", { dims: [-1n], dataType: 1 }, /dimension 0 is -1/],
    ["a shape that overflows", { dims: [2n ** 40n, 2n ** 40n], dataType: 1 }, /53-bit/],
    ["a dimension that overflows", { dims: [2n ** 62n], dataType: 1 }, /53-bit/],
    [
      "a shape of more bytes than there are",
      { dims: [2n ** 50n], dataType: 2, rawData: Uint8Array.of(1) },
      /needs 1125899906842624 bytes/,
    ],
    [
      "data in two fields",
      { dims: [1n], dataType: 1, floatData: [1], rawData: new Uint8Array(4) },
      /float_data/,
    ],
    ["data in the wrong field", { dims: [1n], dataType: 1, int32Data: [1] }, /int32_data.*float_data/],
    ["a byte of 256", { dims: [1n], dataType: 2, int32Data: [256] }, /entry 0 is 256/],
    ["a negative unsigned byte", { dims: [1n], dataType: 2, int32Data: [-1] }, /entry 0 is -1/],
    ["a float16 of 17 bits", { dims: [1n], dataType: 10, int32Data: [0x10000] }, /entry 0/],
    ["a uint32 of 33 bits", { dims: [1n], dataType: 12, uint64Data: [2n ** 32n] }, /entry 0/],
    ["two int4 codes in more than a byte", { dims: [2n], dataType: 22, int32Data: [256] }, /entry 0/],
    ["a bool of 2", { dims: [1n], dataType: 9, rawData: Uint8Array.of(2) }, /bool/],
    ["segments", { dims: [1n], dataType: 1, segment: { begin: 0n, end: 1n } }, /segments/],
  ];
  test.each(refused)("%s", (_, fields, message) => {
    expect(() => tensorValue(make(fields))).toThrow(TensorError);
    expect(() => tensorValue(make(fields))).toThrow(message);
  });

  test("an empty dimension beside a huge one is empty, not an overflow", () => {
    expect(tensorValue(make({ dims: [2n ** 40n, 0n], dataType: 1 })).data).toEqual(new Float32Array(0));
  });

  test("an unknown data type, and one without arithmetic", () => {
    expect(() => tensorValue(make({ dims: [], dataType: 0 }))).toThrow(DataTypeError);
    expect(() => tensorValue(make({ dims: [], dataType: 99 }))).toThrow(/99/);
    expect(() => tensorValue(make({ dims: [1n], dataType: 24, rawData: Uint8Array.of(1) }))).toThrow(
      /anyTensorValue/,
    );
  });

  test("external data, when there is no source for them", () => {
    const tensor = make({
      dims: [1n],
      dataType: 1,
      dataLocation: 1,
      externalData: [{ key: "location", value: "w.bin" }],
    });
    expect(() => tensorValue(tensor)).toThrow(ExternalDataError);
  });

  test("an array that is not as long as its shape", () => {
    expect(() => toTensorProto({ dtype: "float32", shape: [3], data: new Float32Array(2) })).toThrow(
      TensorError,
    );
    expect(() => toTensorProto({ dtype: "float32", shape: [-1], data: new Float32Array(2) })).toThrow(
      /shape/,
    );
  });
});

test("memory is shared where alignment allows", () => {
  const data = Float32Array.of(1, 2);
  expect(toTensorProto({ dtype: "float32", shape: [2], data }).rawData.buffer).toBe(data.buffer);
  expect(tensorValue(toTensorProto({ dtype: "float32", shape: [2], data })).data.buffer).toBe(data.buffer);
});
