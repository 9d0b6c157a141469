import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  allocateStorage,
  decode,
  decodeArray,
  dtypeNames,
  dtypes,
  encode,
  encodeArray,
  round,
  roundArray,
  ShapeError,
  storageLength,
  tensor,
  unpack,
  valuesOf,
} from "../src/index.ts";
import { expectSame } from "./support/compare.ts";

/** Any bits of a float32: NaNs with payloads, subnormals and infinities among them. */
const anyFloat32 = fc
  .uint32Array({ minLength: 1, maxLength: 40 })
  .map((bits) => new Float32Array(bits.buffer, bits.byteOffset, bits.length));
const ends = dtypeNames.flatMap((name) => [
  dtypes[name].max,
  dtypes[name].min - 0.5,
  dtypes[name].max * 1.001,
]);
const number = fc.oneof(
  fc.double(),
  fc.float(),
  fc.double({ min: -300, max: 300 }),
  fc.constantFrom(
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    0.5,
    2 ** -25,
    2 ** -150,
    1 + 2 ** -11 + 2 ** -40,
    ...ends,
  ),
);

describe.each(dtypeNames)("%s", (dtype) => {
  const { bits } = dtypes[dtype];

  /** Codes one by one, as `encode` gives them. */
  function codesOf(data: ReturnType<typeof allocateStorage>, length: number): ArrayLike<number | bigint> {
    return bits < 8 ? unpack(dtype, data as Uint8Array, length) : data.subarray(0, length);
  }

  test.each([true, false])("arrays agree with single numbers (saturate: %s)", (saturate) => {
    const check = (values: number[] | Float32Array | Float64Array) => {
      const { length } = values;
      const data = encodeArray(dtype, values, undefined, { saturate });
      const codes = Array.from(values, (x) => encode(dtype, x, { saturate }));
      expectSame(Array.from(codesOf(data, length)), codes, values);
      const decoded = decodeArray(dtype, data, length);
      const single = codes.map((code) => decode(dtype, code));
      expectSame(Array.from(decoded), single, codes);
      expectSame(roundArray(dtype, values, undefined, { saturate }), decoded, values);
    };
    fc.assert(fc.property(anyFloat32, check));
    fc.assert(fc.property(fc.array(number, { maxLength: 40 }), check));
    fc.assert(
      fc.property(fc.array(number, { maxLength: 40 }).map(Float64Array.from.bind(Float64Array)), check),
    );
  });

  test("more elements than are worked on at a time, into a longer array", () => {
    const values = Float64Array.from({ length: 5003 }, (_, i) => (i - 2500) / 16);
    const out = allocateStorage(dtype, 5100);
    expect(encodeArray(dtype, values, out)).toBe(out);
    expectSame(
      Array.from(codesOf(out, values.length)),
      Array.from(values, (x) => encode(dtype, x)),
      values,
    );
    const rest = out.subarray(storageLength(dtype, values.length));
    expect(rest.every((code) => Number(code) === 0)).toBe(true);
    const decoded = decodeArray(dtype, out, values.length);
    expect(decoded).toBeInstanceOf(
      ["float64", "int64", "uint64", "int32", "uint32"].includes(dtype) ? Float64Array : Float32Array,
    );
    expectSame(
      Array.from(decoded),
      Array.from(values, (x) => round(dtype, x)),
      values,
    );
  });

  test("arrays that are too short, or of another type", () => {
    expect(() => encodeArray(dtype, [1, 2, 3, 4, 5], allocateStorage(dtype, 4))).toThrow(
      bits < 4 ? `"out" has 1 elements where 2 are needed` : ShapeError,
    );
    expect(() => decodeArray(dtype, allocateStorage(dtype, 4), 5)).toThrow(ShapeError);
    expect(() =>
      decodeArray(dtype, allocateStorage(dtype, 4), 4, decodeArray(dtype, allocateStorage(dtype, 3), 3)),
    ).toThrow(`"out" has 3 elements where 4 are needed`);
    expect(() => decodeArray(dtype, allocateStorage(dtype, 4), -1)).toThrow(ShapeError);
    expect(() => encodeArray(dtype, [1], new Uint8ClampedArray(8) as never)).toThrow(ArgumentError);
  });
});

test("arrays of every type are numbers to encode", () => {
  const expected = [1, 200, 255];
  for (const values of [
    Uint8Array.from(expected),
    Uint8ClampedArray.from(expected),
    Int16Array.from(expected),
    Uint16Array.from(expected),
    Int32Array.from(expected),
    Uint32Array.from(expected),
  ]) {
    expect([...valuesOf(tensor("float32", [3], values))]).toEqual(expected);
    expect([...decodeArray("float16", encodeArray("float16", values), 3)]).toEqual(expected);
  }
  expect(encodeArray("int64", BigUint64Array.of(2n ** 64n - 1n, 5n))).toEqual(
    BigInt64Array.of(2n ** 63n - 1n, 5n),
  );
});

test("views into a larger buffer", () => {
  const values = new Float32Array([9, 9, 1.1, -2.3, 0.5, 9]).subarray(2, 5);
  expect(encodeArray("bfloat16", values)).toEqual(Uint16Array.of(0x3f8d, 0xc013, 0x3f00));
  const codes = new Uint8Array([1, 0x39, 0xc0, 2]).subarray(1, 3);
  expect(decodeArray("float8_e4m3fn", codes, 2)).toEqual(Float32Array.of(1.125, -2));
});
