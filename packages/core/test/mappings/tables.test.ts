import { describe, expect, test } from "vitest";
import { kmeans, log2Table, nf4 } from "../../src/index.ts";
import { nearestIn } from "../../src/mappings/nearest.ts";
import { nf4Definition } from "../support/quantization-vectors.ts";
import { normal, uniform } from "../support/random.ts";

describe("NF4", () => {
  test("has the 16 values of QLoRA, appendix E", () => {
    expect(nf4).toEqual([
      -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
      -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
      0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023,
      1.0,
    ]);
    for (const value of nf4) expect(Math.fround(value)).toBe(value);
  });

  test("follows from its definition, by scipy's normal quantiles", () => {
    nf4Definition.forEach((value, code) => {
      expect(Math.abs(nf4[code]! - value)).toBeLessThan(1e-6);
    });
  });
});

test("log2: powers of two with a sign, and zero", () => {
  expect(log2Table("int2")).toEqual([0, 1, -0.5, -1]);
  expect(log2Table("uint2")).toEqual([0, 1, 0.5, 0.25]);
  const int4 = log2Table("int4");
  expect(int4.slice(0, 8)).toEqual([0, 1, 0.5, 0.25, 0.125, 1 / 16, 1 / 32, 1 / 64]);
  // Stored as 8 to 15: codes -8 to -1.
  expect(int4.slice(8)).toEqual([-1 / 128, -1 / 64, -1 / 32, -1 / 16, -0.125, -0.25, -0.5, -1]);
  expect(log2Table("uint8")[255]).toBe(2 ** -254);
});

describe("the nearest value of a table", () => {
  function find(table: readonly number[], dtype: "uint2" | "uint4" | "int4", values: number[]): number[] {
    const codes = new Int32Array(values.length);
    nearestIn(table, dtype)(Float32Array.from(values), codes, values.length);
    return Array.from(codes);
  }

  test("by hand, with ties to the one nearer zero, infinities and NaN", () => {
    const table = [-1, 0, 0.5, 1];
    expect(
      find(table, "uint2", [-9, -0.5, -0.501, 0.25, 0.2500001, 0.75, 0.76, Infinity, -Infinity, NaN, -0]),
    ).toEqual([0, 1, 0, 1, 2, 2, 3, 3, 0, 1, 1]);
  });

  test("gives signed codes, and a table need not be sorted", () => {
    expect(
      find(log2Table("int4"), "int4", [1, -1, 0.74, -0.74, 0.75, -0.75, 1e-9, 0.004, -0.004, -0.0039]),
    ).toEqual([1, -1, 2, -2, 2, -2, 0, 0, -8, 0]);
  });

  test("is the nearest, for random values and tables", () => {
    const next = uniform(2);
    for (let round = 0; round < 20; round++) {
      const table = Array.from({ length: 16 }, () => Math.fround(next() * 2 - 1));
      const values = Array.from(normal(500, round, 0, 0.5));
      const codes = find(table, "uint4", values);
      values.forEach((value, i) => {
        const least = Math.min(...table.map((entry) => Math.abs(entry - value)));
        expect(Math.abs(table[codes[i]!]! - value)).toBe(least);
      });
    }
  });

  test("copes with repeated values", () => {
    const codes = find([0.5, 0.5, 0.5, 0.5], "uint2", [0, 1]);
    for (const code of codes) expect([0, 1, 2, 3]).toContain(code);
  });
});

describe("k-means", () => {
  /** Least sum of weighted squared errors over all ways to cut the sorted points into k intervals: plain O(k n^2). */
  function optimum(values: Float64Array, weights: Float64Array, k: number): number {
    const n = values.length;
    const error = (from: number, to: number) => {
      let mass = 0;
      let moment = 0;
      for (let i = from; i < to; i++) {
        mass += weights[i]!;
        moment += weights[i]! * values[i]!;
      }
      let sum = 0;
      for (let i = from; i < to; i++) sum += weights[i]! * (values[i]! - moment / mass) ** 2;
      return sum;
    };
    let least = Array.from({ length: n + 1 }, (_, j) => (j === 0 ? 0 : Infinity));
    for (let c = 0; c < k; c++) {
      least = least.map((_, j) =>
        Math.min(...least.slice(0, j + 1).map((before, i) => before + (i === j ? 0 : error(i, j)))),
      );
    }
    return least[n]!;
  }

  function cost(values: Float64Array, weights: Float64Array, centres: Float64Array): number {
    return values.reduce(
      (sum, x, i) => sum + weights[i]! * Math.min(...Array.from(centres, (c) => (x - c) ** 2)),
      0,
    );
  }

  test("by hand", () => {
    const ones = new Float64Array(5).fill(1);
    expect(Array.from(kmeans(Float64Array.of(0, 1, 10, 11, 12), ones, 2))).toEqual([0.5, 11]);
    expect(Array.from(kmeans(Float64Array.of(0, 1, 10, 11, 12), Float64Array.of(3, 1, 1, 1, 1), 2))).toEqual([
      0.25, 11,
    ]);
    expect(Array.from(kmeans(Float64Array.of(5), Float64Array.of(1), 3))).toEqual([5, 5, 5]);
    expect(Array.from(kmeans(new Float64Array(), new Float64Array(), 2))).toEqual([0, 0]);
  });

  test("is optimal: no worse than every way to cut", () => {
    for (const [seed, n, k] of [
      [1, 12, 3],
      [2, 25, 4],
      [3, 40, 7],
      [4, 30, 16],
      [5, 16, 16],
    ] as const) {
      const next = uniform(seed);
      const values = Float64Array.from(normal(n, seed)).sort();
      const weights = new Float64Array(n).map(() => 0.1 + next());
      const centres = kmeans(values, weights, k);
      expect(cost(values, weights, centres)).toBeLessThanOrEqual(optimum(values, weights, k) + 1e-9);
      expect(Array.from(centres)).toEqual(Array.from(centres).sort((a, b) => a - b));
    }
  });
});
