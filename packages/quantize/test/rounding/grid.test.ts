import {
  type DType,
  dequantize,
  type Granularity,
  type Mapping,
  quantizationError,
  quantize,
  scalesOf,
} from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codedWeight, gridOf, nearest, QuantizeError, roundedValues, roundNearest } from "../../src/index.ts";
import { normals } from "./support.ts";

const granularities: readonly Granularity[] = [
  { kind: "tensor" },
  { kind: "channel", axis: 0 },
  { kind: "channel", axis: 1 },
  { kind: "block", axis: 0, size: 4, partial: true },
  { kind: "block", axis: 1, size: 3, partial: true },
];

const integers: readonly DType[] = ["int2", "uint2", "int4", "uint4", "int8", "uint8", "int16", "uint16"];
const codes: readonly (readonly [DType, Mapping])[] = [
  ...integers.flatMap((dtype) =>
    [true, false].map((symmetric) => [dtype, { kind: "affine", symmetric }] as const),
  ),
  ["uint4", { kind: "codebook", table: "nf4" }],
  ["uint4", { kind: "codebook", table: "kmeans" }],
  ["uint2", { kind: "codebook", table: "kmeans" }],
  ["int4", { kind: "log2" }],
  ["uint8", { kind: "log2" }],
];

describe("the nearest number", () => {
  test.each(codes)("of %s, %o, is core's, bit for bit", (dtype, mapping) => {
    const numbers = fc.float({ noNaN: true, min: -1e3, max: 1e3 });
    fc.assert(
      fc.property(
        fc.array(numbers, { minLength: 35, maxLength: 35 }),
        fc.constantFrom(...granularities),
        (given, granularity) => {
          const weight = Float32Array.from(given);
          const scheme = { dtype, mapping, granularity };
          const rounded = nearest(gridOf(weight, [7, 5], scheme), weight);
          const expected = quantize(weight, [7, 5], scheme);
          expect(codedWeight(rounded)).toEqual(expected);
          expect(roundNearest(weight, [7, 5], scheme)).toEqual(expected);
          expect(roundedValues(rounded)).toEqual(dequantize(expected));
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each(["float8_e4m3fn", "float8_e5m2", "float4_e2m1", "float16"] as const)(
    "of %s has core's error",
    (dtype) => {
      const weight = normals(64, 3);
      const scheme = {
        dtype,
        granularity: { kind: "channel", axis: 0 },
        mapping: { kind: "affine", symmetric: true },
      } as const;
      const ours = codedWeight(nearest(gridOf(weight, [8, 8], scheme), weight));
      const theirs = quantize(weight, [8, 8], scheme);
      expect(scalesOf(ours)).toEqual(scalesOf(theirs));
      expect(quantizationError(weight, ours).mse).toBeCloseTo(quantizationError(weight, theirs).mse, 12);
    },
  );
});

describe("fewer bits than the format has", () => {
  test("leave the rest of the codes alone, around what stands for zero", () => {
    // The largest weight is 3 steps of 1 in int4 with 3 bits, and 1 step in int2.
    const weight = Float32Array.of(-3, -1.6, 0, 0.4, 3);
    const affine = { kind: "affine", symmetric: true } as const;
    const tensor = { kind: "tensor" } as const;
    const three = roundNearest(
      weight,
      [5],
      { dtype: "int4", granularity: tensor, mapping: affine },
      { bits: 3 },
    );
    expect(dequantize(three)).toEqual(Float32Array.of(-3, -2, 0, 0, 3));
    const unsigned = roundNearest(
      weight,
      [5],
      { dtype: "uint4", granularity: tensor, mapping: affine },
      { bits: 3 },
    );
    expect(dequantize(unsigned)).toEqual(dequantize(three));
    const two = roundNearest(
      weight,
      [5],
      { dtype: "int8", granularity: tensor, mapping: affine },
      { bits: 2 },
    );
    expect(dequantize(two)).toEqual(Float32Array.of(-3, -3, 0, 0, 3));
    expect(two).toMatchObject({ codes: Int8Array.of(-1, -1, 0, 0, 1) });
  });

  test("of an asymmetric mapping are counted from the smallest code", () => {
    const scheme = {
      dtype: "uint4",
      granularity: { kind: "tensor" },
      mapping: { kind: "affine", symmetric: false },
    } as const;
    const rounded = roundNearest(Float32Array.of(-1, 0, 2.4, 6), [4], scheme, { bits: 3 });
    expect(dequantize(rounded)).toEqual(Float32Array.of(-1, 0, 2, 6));
    expect(rounded.zeroPoints).toEqual(Uint8Array.of(8 - 4 - 4 + 1 + 0));
  });

  test("are fewer numbers of a codebook", () => {
    const weight = normals(200, 5);
    const scheme = {
      dtype: "uint4",
      granularity: { kind: "channel", axis: 0 },
      mapping: { kind: "codebook", table: "kmeans" },
    } as const;
    const three = roundNearest(weight, [4, 50], scheme, { bits: 3 });
    expect(
      Math.max(...Float32Array.from(three.codes as Uint8Array, (byte) => Math.max(byte & 15, byte >> 4))),
    ).toBe(7);
    const error = (bits: number | undefined) =>
      quantizationError(weight, roundNearest(weight, [4, 50], scheme, { bits })).mse;
    expect(error(3)).toBeGreaterThan(error(undefined));
    expect(error(2)).toBeGreaterThan(error(3));
  });

  test.each([
    [{ dtype: "uint4", mapping: { kind: "codebook", table: "nf4" } }, 3],
    [{ dtype: "int4", mapping: { kind: "log2" } }, 1],
    [{ dtype: "int4", mapping: { kind: "affine", symmetric: true } }, 5],
    [{ dtype: "float8_e4m3fn", mapping: { kind: "affine", symmetric: true } }, 4],
  ] as const)("%o does not have %d", (scheme, bits) => {
    const given = { ...scheme, granularity: { kind: "tensor" } } as const;
    expect(() => gridOf(Float32Array.of(1), [1], given, { bits })).toThrow(QuantizeError);
  });
});

describe("ranges with the least squared error", () => {
  test.each(codes.filter(([dtype]) => !dtype.endsWith("16")))(
    "of %s, %o, are no worse than minimum and maximum",
    (dtype, mapping) => {
      const weight = normals(120, 7);
      const scheme = { dtype, mapping, granularity: { kind: "channel", axis: 0 } } as const;
      const groups = (range: "min-max" | "mse") =>
        quantizationError(weight, roundNearest(weight, [6, 20], scheme, { range })).groupMse;
      const plain = groups("min-max");
      groups("mse").forEach((mse, group) => {
        expect(mse).toBeLessThanOrEqual(plain[group]! * (1 + 1e-6));
      });
    },
  );

  test.each([true, false])(
    "are within 2% of the best of all scales and zero points (symmetric: %o)",
    (symmetric) => {
      const scheme = {
        dtype: "int4",
        mapping: { kind: "affine", symmetric },
        granularity: { kind: "tensor" },
      } as const;
      for (let seed = 0; seed < 6; seed++) {
        const weight = normals(40, seed).map((x) => (symmetric ? x : x + 0.7));
        let least = Number.POSITIVE_INFINITY;
        const largest = weight.reduce((a, x) => Math.max(a, Math.abs(x)), 0);
        for (let zeroPoint = symmetric ? 0 : -4; zeroPoint <= (symmetric ? 0 : 3); zeroPoint++)
          for (let i = 1; i <= 2000; i++) {
            const scale = (i / 1000) * largest;
            let error = 0;
            for (const x of weight) {
              const code = Math.min(Math.max(Math.round(x / scale) + zeroPoint, -4), 3);
              error += (x - (code - zeroPoint) * scale) ** 2;
            }
            least = Math.min(least, error);
          }
        const found =
          quantizationError(weight, roundNearest(weight, [40], scheme, { bits: 3, range: "mse" })).mse * 40;
        expect(found).toBeLessThanOrEqual(1.02 * least);
      }
    },
  );

  test("give way where the inputs are large", () => {
    const weight = Float32Array.of(1, 0.34, -0.36, 0.31, -0.29);
    const scheme = {
      dtype: "int2",
      mapping: { kind: "affine", symmetric: true },
      granularity: { kind: "tensor" },
    } as const;
    const importance = Float32Array.of(0.001, 1, 1, 1, 1);
    const [scale = 0] = scalesOf(roundNearest(weight, [5], scheme, { range: "mse", importance }));
    expect(scale).toBeGreaterThan(0.29);
    expect(scale).toBeLessThan(0.36);
  });
});
