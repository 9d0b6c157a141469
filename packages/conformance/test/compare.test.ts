/** Distances in units in the last place, worked out by hand; and what counts as equal. */
import { exact, type Tolerance, ulps } from "@bitbudget/backend";
import { type DType, type FloatName, type HostTensor, tensor } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bitsOf, compare, describeComparison, elementsOf, positionOf, ulpOf } from "../src/index.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function of(dtype: DType, ...numbers: readonly number[]): HostTensor {
  return tensor(dtype, [numbers.length], numbers);
}

function differs(
  dtype: DType,
  actual: number,
  expected: number,
  tolerance: Tolerance,
  magnitude?: number,
): boolean {
  const yardstick = magnitude === undefined ? undefined : [magnitude];
  return compare(of(dtype, actual), of(dtype, expected), tolerance, yardstick).mismatches > 0;
}

describe("units in the last place", () => {
  test.each<[number, FloatName, number]>([
    [1, "float32", 2 ** -23],
    [-1.999, "float32", 2 ** -23],
    [2, "float32", 2 ** -22],
    [0.75, "float32", 2 ** -24],
    [0, "float32", 2 ** -149],
    [2 ** -149, "float32", 2 ** -149],
    [2 ** -126, "float32", 2 ** -149],
    [2 ** -125, "float32", 2 ** -148],
    [1, "float16", 2 ** -10],
    [65504, "float16", 32],
    [2 ** -24, "float16", 2 ** -24],
    [3, "bfloat16", 2 ** -6],
    [1, "float64", 2 ** -52],
    [448, "float8_e4m3fn", 32],
    [1e300, "float32", 2 ** 973],
  ])("of %d in %s are %d", (x, format, unit) => expect(ulpOf(x, format)).toBe(unit));

  test("are the distance between neighbours", () => {
    const bits = new Int32Array(1);
    const numbers = new Float32Array(bits.buffer);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7f7ffffe }), (code) => {
        bits[0] = code;
        const x = numbers[0]!;
        bits[0] = code + 1;
        expect(ulpOf(x, "float32")).toBe(numbers[0]! - x);
      }),
    );
  });
});

describe("compare", () => {
  test("counts steps", () => {
    const bits = new Int32Array(2);
    const numbers = new Float32Array(bits.buffer);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x7f000000 }), fc.integer({ min: 1, max: 40 }), (code, steps) => {
        // Both in one binade, where all steps are the same.
        const start = Math.floor(code / 2 ** 23) * 2 ** 23;
        bits.set([start, start + steps]);
        const [x = 0, y = 0] = numbers;
        expect(differs("float32", y, x, ulps(steps))).toBe(false);
        expect(differs("float32", y, x, ulps(steps - 0.5))).toBe(true);
      }),
    );
  });

  test("measures with the last place of the expected value", () => {
    // 1 - 2^-24 is half a place of 1 away; 1 is a whole place of 1 - 2^-24 away.
    expect(differs("float32", 1 - 2 ** -24, 1, ulps(0.5))).toBe(false);
    expect(differs("float32", 1, 1 - 2 ** -24, ulps(0.5))).toBe(true);
    expect(differs("float32", 1, 1 - 2 ** -24, ulps(1))).toBe(false);
  });

  test("measures sums with the last place of their magnitude", () => {
    const three: Tolerance = { ulp: 3, of: "magnitude" };
    // A place of 1000 is 2^-14.
    expect(differs("float32", 3 * 2 ** -14, 0, three, 1000)).toBe(false);
    expect(differs("float32", 3.5 * 2 ** -14, 0, three, 1000)).toBe(true);
    // The result is never measured with less than itself.
    expect(differs("float32", 1 + 2 ** -22, 1, three, 0)).toBe(false);
    expect(differs("float32", 1 + 2 ** -22, 1, three)).toBe(false);
  });

  test("takes an absolute distance where that is larger", () => {
    expect(differs("float32", 2 ** -20, 0, ulps(3, 2 ** -20))).toBe(false);
    expect(differs("float32", 2 ** -19, 0, ulps(3, 2 ** -20))).toBe(true);
    expect(differs("float32", 1000 + 2 ** -13, 1000, ulps(2, 2 ** -20))).toBe(false);
  });

  test.each<[string, DType, number, number, boolean, boolean]>([
    ["NaN for NaN", "float32", nan, nan, true, true],
    ["0 for -0", "float32", 0, -0, false, true],
    ["-0 for 0", "float16", -0, 0, false, true],
    ["NaN for a number", "float32", nan, 1, false, false],
    ["a number for NaN", "float32", 1, nan, false, false],
    ["NaN for infinity", "float32", nan, inf, false, false],
    ["infinity for NaN", "float32", inf, nan, false, false],
    ["infinity for infinity", "float32", inf, inf, true, true],
    ["-infinity for infinity", "float32", -inf, inf, false, false],
    ["infinity for the largest number", "float16", inf, 65504, false, false],
    ["the largest number for infinity", "float16", 65504, inf, false, false],
    ["5 for 4", "int8", 5, 4, false, false],
    ["-8 for 8, which int4 has not", "int4", -8, 7, false, false],
  ])("%s", (_, dtype, actual, expected, exactly, nearly) => {
    expect(differs(dtype, actual, expected, exact)).toBe(!exactly);
    expect(differs(dtype, actual, expected, ulps(1000, 1000))).toBe(!nearly);
  });

  test("does not look at the payload of NaN", () => {
    const nans = [0x7fc00000, 0x7fc00001, 0xffc00000, 0x7f800001];
    const payloads: HostTensor = {
      dtype: "float32",
      shape: [4],
      data: new Float32Array(Uint32Array.from(nans).buffer),
    };
    expect(compare(payloads, of("float32", nan, nan, nan, nan), exact).mismatches).toBe(0);
  });

  test("tells 64-bit integers apart that doubles do not", () => {
    const a: HostTensor = { dtype: "int64", shape: [1], data: BigInt64Array.of(2n ** 53n + 1n) };
    const b: HostTensor = { dtype: "int64", shape: [1], data: BigInt64Array.of(2n ** 53n) };
    expect(compare(a, b, exact).first).toMatchObject({ actual: 2n ** 53n + 1n, expected: 2n ** 53n });
  });

  test("takes no byte but 0 and 1 for a bool", () => {
    const two: HostTensor = { dtype: "bool", shape: [1], data: Uint8Array.of(2) };
    expect(compare(two, of("bool", 1), exact).first).toMatchObject({ actual: 2, actualBits: "0x02" });
  });

  test("reports the first mismatch, how many there are, and the largest share of an allowance", () => {
    const expected = tensor("float32", [2, 3], [1, 2, 3, 4, 5, 6]);
    const actual = tensor("float32", [2, 3], [1 + 2 ** -23, 2, 3, 4, 5 + 5 * 2 ** -21, 7]);
    const comparison = compare(actual, expected, ulps(4));
    expect(comparison).toEqual({
      elements: 6,
      mismatches: 2,
      worst: 2 ** 21 / 4,
      first: {
        index: 4,
        position: [1, 1],
        expected: 5,
        actual: 5 + 5 * 2 ** -21,
        expectedBits: "0x40a00000",
        actualBits: "0x40a00005",
        distance: 5,
        allowed: 4,
      },
    });
    expect(describeComparison(comparison, true)).toBe(
      "index 4 [1, 1] is 5.000002384185791 (0x40a00005) instead of 5 (0x40a00000), off by 5 ULP where 4 is allowed; 2 of 6 elements differ",
    );
    expect(compare(actual, expected, ulps(2 ** 22)).worst).toBe(0.5);
    expect(compare(expected, expected, exact)).toEqual({ elements: 6, mismatches: 0, worst: 0 });
  });

  test("takes empty tensors for equal", () => {
    expect(compare(of("float32"), of("float32"), exact)).toEqual({ elements: 0, mismatches: 0, worst: 0 });
  });
});

describe("bits of an element", () => {
  test.each<[DType, readonly number[], number, string]>([
    ["int4", [1, -1, 7], 1, "0xf"],
    ["int4", [1, -1, 7], 2, "0x7"],
    ["uint2", [0, 1, 2, 3, 1], 3, "0x3"],
    ["uint2", [0, 1, 2, 3, 1], 4, "0x1"],
    ["float4_e2m1", [1, -6], 1, "0xf"],
    ["int8", [-1, 2], 0, "0xff"],
    ["float16", [1], 0, "0x3c00"],
    ["int32", [-2], 0, "0xfffffffe"],
    ["float64", [1], 0, "0x3ff0000000000000"],
  ])("%s %j at %d is %s", (dtype, numbers, index, bits) =>
    expect(bitsOf(of(dtype, ...numbers), index)).toBe(bits),
  );

  test("are those of a part of a larger buffer, too", () => {
    const data = new Uint8Array([9, 9, 9, 9, 1, 2]).subarray(4);
    expect(bitsOf({ dtype: "uint8", shape: [2], data }, 1)).toBe("0x02");
  });
});

test("positions are row-major", () => {
  expect(positionOf(23, [2, 3, 4])).toEqual([1, 2, 3]);
  expect(positionOf(4, [2, 3, 4])).toEqual([0, 1, 0]);
  expect(positionOf(0, [])).toEqual([]);
});

test("elements of packed tensors are numbers", () => {
  expect(Array.from(elementsOf(of("int2", -2, 1, 0)))).toEqual([-2, 1, 0]);
});
