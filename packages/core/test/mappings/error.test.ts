import { describe, expect, test } from "vitest";
import {
  dequantize,
  quantizationError,
  quantize,
  type Scheme,
  ShapeError,
  storedBytes,
} from "../../src/index.ts";
import { groupOfEach } from "../support/naive.ts";
import { normal } from "../support/random.ts";

const int8: Scheme = {
  dtype: "int8",
  granularity: { kind: "tensor" },
  mapping: { kind: "affine", symmetric: true },
};

describe("error of a mapping", () => {
  test("by hand", () => {
    // Scale 1: 127 and -2 are exact, 0.5 becomes 0 and 3.75 becomes 4.
    const x = Float32Array.of(127, -2, 0.5, 3.75);
    const error = quantizationError(x, quantize(x, [4], int8));
    expect(error.mse).toBe((0.25 + 0.0625) / 4);
    expect(error.maxError).toBe(0.5);
    expect(error.sqnrDb).toBeCloseTo(10 * Math.log10((127 ** 2 + 4 + 0.25 + 3.75 ** 2) / 0.3125), 10);
    expect(error.groupMse).toEqual(Float64Array.of(0.3125 / 4));
    // Four codes and one float32.
    expect(error.bitsPerElement).toBe((32 + 32) / 4);
  });

  test("without error the ratio is infinite", () => {
    const zeros = new Float32Array(8);
    expect(quantizationError(zeros, quantize(zeros, [8], int8))).toMatchObject({
      mse: 0,
      maxError: 0,
      sqnrDb: Infinity,
    });
  });

  test("agrees with the definition, overall and per group", () => {
    const shape = [6, 5, 1000];
    const x = normal(30_000, 31, 0.1);
    for (const granularity of [
      { kind: "channel", axis: 1 },
      { kind: "channel", axis: 2 },
      { kind: "block", axis: 2, size: 64, partial: true },
      { kind: "block", axis: 0, size: 4, partial: true },
    ] as const) {
      const q = quantize(x, shape, {
        dtype: "uint4",
        granularity,
        mapping: { kind: "affine", symmetric: false },
      });
      const errors = dequantize(q).map((value, i) => x[i]! - value);
      const found = quantizationError(x, q);
      expect(found.mse).toBeCloseTo(errors.reduce((sum, e) => sum + e * e, 0) / x.length, 10);
      expect(found.maxError).toBeCloseTo(Math.max(...errors.map(Math.abs)), 6);
      const of = groupOfEach(shape, granularity);
      const sums = new Float64Array(found.groupMse.length);
      const counts = new Float64Array(found.groupMse.length);
      errors.forEach((e, i) => {
        sums[of[i]!]! += e * e;
        counts[of[i]!]!++;
      });
      found.groupMse.forEach((mse, group) => {
        expect(mse).toBeCloseTo(sums[group]! / counts[group]!, 8);
      });
    }
  });

  test("6 dB a bit, and more levels of scale cost what they take", () => {
    const x = normal(64 * 1024, 13);
    const granularity = { kind: "block", axis: 0, size: 64 } as const;
    const of = (scheme: Partial<Scheme>) => {
      const q = quantize(x, [x.length], { ...int8, granularity, ...scheme });
      return { ...quantizationError(x, q), bytes: storedBytes(q) };
    };
    const eight = of({});
    const four = of({ dtype: "int4" });
    expect(eight.bitsPerElement).toBe(8 + 32 / 64);
    expect(four.bitsPerElement).toBe(4 + 32 / 64);
    expect(eight.sqnrDb - four.sqnrDb).toBeGreaterThan(23);
    expect(eight.sqnrDb - four.sqnrDb).toBeLessThan(27);
    const half = of({ dtype: "int4", scale: { dtype: "float16" } });
    expect(half.bitsPerElement).toBe(4 + 16 / 64);
    const double = of({ dtype: "int4", scale: { dtype: "uint8", super: { size: 256 } } });
    expect(double.bitsPerElement).toBe(4 + 8 / 64 + 32 / 64 / 256);
    expect(Math.abs(four.sqnrDb - double.sqnrDb)).toBeLessThan(0.5);
    const asymmetric = of({ dtype: "uint4", mapping: { kind: "affine", symmetric: false } });
    expect(asymmetric.bitsPerElement).toBe(4 + 36 / 64);
    const fitted = of({ dtype: "uint4", mapping: { kind: "codebook", table: "kmeans" } });
    expect(fitted.bitsPerElement).toBe(4 + 32 / 64 + (16 * 32) / x.length);
    expect(fitted.bytes * 8).toBe(fitted.bitsPerElement * x.length);
  });

  test("a tensor of another size is an error", () => {
    expect(() => quantizationError(new Float32Array(3), quantize(new Float32Array(4), [4], int8))).toThrow(
      ShapeError,
    );
  });
});
