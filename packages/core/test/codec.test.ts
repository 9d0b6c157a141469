import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  CodeError,
  type DType,
  decode,
  decodeArray,
  dtypes,
  encode,
  encodeArray,
  round,
  unpack,
} from "../src/index.ts";
import { expectSame } from "./support/compare.ts";

describe("worked by hand", () => {
  test.each([
    // 1 = 2^0: biased exponent 15, mantissa 0.
    ["float16", 1, 0x3c00],
    ["float16", -2, 0xc000],
    // 2^-24 is the smallest subnormal; half of it ties to 0, three quarters of it do not.
    ["float16", 2 ** -24, 0x0001],
    ["float16", 2 ** -25, 0x0000],
    ["float16", 1.5 * 2 ** -25, 0x0001],
    ["float16", -(2 ** -25), 0x8000],
    // Between 65504 and 65536 (which has no code) the middle is 65520.
    ["float16", 65519.99, 0x7bff],
    ["bfloat16", 3.140625, 0x4049],
    ["bfloat16", -1e-40, 0x8001],
    // 1.1 lies between 1.0 (0 0111 000) and 1.125 (0 0111 001).
    ["float8_e4m3fn", 1.1, 0x39],
    ["float8_e4m3fn", 1.0625, 0x38],
    ["float8_e4m3fn", 448, 0x7e],
    ["float8_e4m3fn", 2 ** -9, 0x01],
    ["float8_e5m2", 57344, 0x7b],
    ["float8_e4m3fnuz", 240, 0x7f],
    ["float8_e4m3fnuz", -1, 0xc0],
    ["float8_e4m3fnuz", -0, 0],
    ["float8_e5m2fnuz", 57344, 0x7f],
    ["float8_e5m2", -0.875, 0xbb],
    // The positive values are 0, 0.5, 1, 1.5, 2, 3, 4, 6.
    ["float4_e2m1", 2.5, 4],
    ["float4_e2m1", 5, 6],
    ["float4_e2m1", 5.1, 7],
    ["float4_e2m1", 0.25, 0],
    ["float4_e2m1", -0.25, 8],
    ["float4_e2m1", 0.75, 2],
  ] as const)("%s: the code of %d is %d", (dtype, x, code) => {
    expect(encode(dtype, x)).toBe(code);
  });

  test("a tie that only a double can tell from its neighbours", () => {
    // As a float32 both would be 1 + 2^-11, halfway between two float16s, and go to the even 1.
    expect(encode("float16", 1 + 2 ** -11 + 2 ** -40)).toBe(0x3c01);
    expect(encode("float16", 1 + 2 ** -10 + 2 ** -11 - 2 ** -40)).toBe(0x3c01);
    expect(encode("float16", 1 + 2 ** -11)).toBe(0x3c00);
  });

  test.each([
    // dtype, then: 1e300, the same without saturation, infinity, the same without saturation, NaN
    ["float64", 1e300, 1e300, Infinity, Infinity, NaN],
    ["float32", 3.4028234663852886e38, Infinity, Infinity, Infinity, NaN],
    ["float16", 65504, Infinity, Infinity, Infinity, NaN],
    ["bfloat16", 3.3895313892515355e38, Infinity, Infinity, Infinity, NaN],
    ["float8_e5m2", 57344, Infinity, 57344, Infinity, NaN],
    ["float8_e4m3fn", 448, NaN, 448, NaN, NaN],
    ["float4_e2m1", 6, 6, 6, 6, -0],
    ["int32", 2147483647, 2147483647, 2147483647, 2147483647, 0],
    ["int16", 32767, 32767, 32767, 32767, 0],
    ["uint8", 255, 255, 255, 255, 0],
    ["int4", 7, 7, 7, 7, 0],
    ["uint2", 3, 3, 3, 3, 0],
    ["int64", 2 ** 63, 2 ** 63, 2 ** 63, 2 ** 63, 0],
    ["bool", 1, 1, 1, 1, 1],
  ] as const)("%s: what has no code", (dtype, large, overflow, infinite, unbounded, nan) => {
    const free = { saturate: false };
    expect([round(dtype, 1e300), round(dtype, 1e300, free)]).toEqual([large, overflow]);
    expect([round(dtype, Infinity), round(dtype, Infinity, free)]).toEqual([infinite, unbounded]);
    expect([round(dtype, NaN), round(dtype, NaN, free)]).toEqual([nan, nan]);
    const row = dtypes[dtype];
    if (row.kind === "float") {
      expect([round(dtype, -1e300), round(dtype, -1e300, free)]).toEqual([-large, -overflow]);
      expect([round(dtype, -Infinity), round(dtype, -Infinity, free)]).toEqual([-infinite, -unbounded]);
      expect(round(dtype, -0)).toBe(-0);
    } else {
      expect(round(dtype, -1e300)).toBe(dtype === "bool" ? 1 : row.min);
      expect(round(dtype, -Infinity)).toBe(dtype === "bool" ? 1 : row.min);
      expect(round(dtype, -0)).toBe(0);
    }
  });

  test("64-bit integers, from numbers and from bigints", () => {
    expect(encode("int64", 2.5)).toBe(2n);
    expect(encode("int64", -(2 ** 63))).toBe(-(2n ** 63n));
    expect(encode("int64", 2 ** 63)).toBe(2n ** 63n - 1n);
    expect(encode("int64", 2n ** 63n - 1n)).toBe(2n ** 63n - 1n);
    expect(encode("int64", -(2n ** 70n))).toBe(-(2n ** 63n));
    expect(encode("uint64", -1)).toBe(0n);
    expect(encode("uint64", 2n ** 64n)).toBe(2n ** 64n - 1n);
    expect(encode("uint64", Infinity)).toBe(2n ** 64n - 1n);
    expect(decode("int64", -5n)).toBe(-5);
    expect(decode("uint64", 2n ** 64n - 1n)).toBe(2 ** 64);
  });
});

const smallIntegers = ["int16", "uint16", "int8", "uint8", "int4", "uint4", "int2", "uint2"] as const;

test.each(smallIntegers)("%s over its whole domain, with every tie and beyond", (dtype) => {
  const { bits, min, max } = dtypes[dtype];
  const inputs: number[] = [];
  const expected: number[] = [];
  for (let twice = 2 * min - 9; twice <= 2 * max + 9; twice++) {
    // Half of an odd number is a tie between the integers around it; exactly one of these is even.
    const below = Math.floor(twice / 2);
    const nearest = twice % 2 === 0 || below % 2 === 0 ? below : below + 1;
    inputs.push(twice / 2, twice / 2 + 2 ** -20);
    expected.push(nearest, Math.floor((twice + 1) / 2));
  }
  const codes = expected.map((code) => Math.max(min, Math.min(max, code)));
  expectSame(
    inputs.map((x) => encode(dtype, x)),
    codes,
    inputs,
  );
  const data = encodeArray(dtype, inputs);
  expectSame(Array.from(bits < 8 ? unpack(dtype, data as Uint8Array, codes.length) : data), codes, inputs);
  expectSame(Array.from(decodeArray(dtype, data, codes.length)), codes, inputs);
});

describe("wrong codes", () => {
  test.each([
    ["int4", 8],
    ["int4", -9],
    ["uint4", -1],
    ["uint8", 256],
    ["float4_e2m1", 16],
    ["float8_e5m2", 256],
    ["float16", 65536],
    ["float16", 1.5],
    ["bool", 2],
    ["int8", NaN],
  ] as const)("%s has no code %d", (dtype, code) => {
    expect(() => decode(dtype, code)).toThrow(CodeError);
    expect(() => decode(dtype, code)).toThrow(
      `${code} at index 0 is not a code of ${dtype}; use an integer from`,
    );
  });

  test("an unknown format", () => {
    const dtype: DType = JSON.parse('"int3"');
    expect(() => encode(dtype, 1)).toThrow(ArgumentError);
  });
});

const floats = ["float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "float4_e2m1"] as const;

/** Doubles of all sizes, and many near the format's own. */
const numbers = (dtype: (typeof floats)[number]) =>
  fc.oneof(
    fc.double({ noNaN: true }),
    fc.float({ noNaN: true }),
    fc.double({ noNaN: true, min: -2 * dtypes[dtype].max, max: 2 * dtypes[dtype].max }),
    fc.double({ noNaN: true, min: -4 * dtypes[dtype].smallestNormal, max: 4 * dtypes[dtype].smallestNormal }),
    fc.double({ noNaN: true, min: -8, max: 8 }),
  );

describe.each(floats)("%s", (dtype) => {
  const row = dtypes[dtype];

  test("rounding again changes nothing", () => {
    fc.assert(
      fc.property(numbers(dtype), (x) => Object.is(round(dtype, round(dtype, x)), round(dtype, x))),
      { numRuns: 500 },
    );
  });

  test("rounding keeps the order, and mirrors at zero", () => {
    fc.assert(
      fc.property(numbers(dtype), numbers(dtype), (x, y) => {
        expect(round(dtype, Math.min(x, y))).toBeLessThanOrEqual(round(dtype, Math.max(x, y)));
        expect(round(dtype, -x)).toBe(-round(dtype, x));
      }),
      { numRuns: 500 },
    );
  });

  test("the result is at most half a step away", () => {
    fc.assert(
      fc.property(numbers(dtype), (x) => {
        if (Math.abs(x) > row.max) return;
        // The step doubles with each power of two; half a step is exact, and so is the difference of near doubles.
        let step = row.smallest;
        while (Math.abs(x) >= 2 * (step / row.epsilon)) step *= 2;
        expect(Math.abs(round(dtype, x) - x)).toBeLessThanOrEqual(step / 2);
      }),
      { numRuns: 500 },
    );
  });
});
