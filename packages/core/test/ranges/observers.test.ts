/** What all observers share, and the two that need no histogram. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  entropy,
  InfinityError,
  minMax,
  movingAverage,
  mse,
  NaNError,
  NoDataError,
  type Observer,
  percentile,
} from "../../src/index.ts";
import { normal } from "../support/random.ts";

/** Few codes: where clipping pays most. */
const int2 = { dtype: "int2", symmetric: true } as const;
const all: [string, () => Observer][] = [
  ["minMax", minMax],
  ["movingAverage", movingAverage],
  ["percentile", percentile],
  ["mse", () => mse(int2)],
  ["entropy", () => entropy(int2)],
];

describe.each(all)("%s", (name, make) => {
  test("has no range before it has data", () => {
    const observer = make();
    expect(() => observer.range()).toThrow(NoDataError);
    observer.observe(new Float32Array());
    expect(() => observer.range()).toThrow(NoDataError);
    expect(observer.count).toBe(0);
  });

  test("names the index and the batch of a NaN or an infinity, and takes nothing of that batch in", () => {
    const observer = make();
    observer.observe([1, 2, 3]);
    const before = observer.range();
    expect(() => observer.observe([9, 9, NaN, NaN])).toThrow(
      expect.objectContaining({ name: "NaNError", code: "NAN", index: 2, batch: 1 }),
    );
    expect(() => observer.observe([9, -Infinity])).toThrow(
      expect.objectContaining({ name: "InfinityError", index: 1, batch: 2, value: -Infinity }),
    );
    expect(() => observer.observe([Infinity, -Infinity, NaN])).toThrow(InfinityError);
    expect(() => observer.observe([NaN])).toThrow(NaNError);
    expect(observer.range()).toEqual(before);
    expect(observer.count).toBe(3);
  });

  test("holds the range within what was seen, and goes on after telling it", () => {
    const observer = make();
    observer.observe(normal(500, 1, 3));
    const first = observer.range();
    expect(first.min).toBeLessThan(first.max);
    observer.observe(normal(500, 2, 3, 10));
    const second = observer.range();
    expect(second.max).toBeGreaterThan(first.max);
    expect(observer.count).toBe(1000);
  });

  test("of a constant is that constant; with the smallest error, from zero on", () => {
    for (const value of [0, 1, -3.5, 1e-30, -1e30]) {
      const observer = make();
      observer.observe([value, value]);
      const { min, max } = observer.range();
      expect(name === "mse" ? [min + max] : [min, max]).toEqual(name === "mse" ? [value] : [value, value]);
    }
  });

  test("of data far from zero is a range: min is not above max", () => {
    for (const sign of [1, -1]) {
      const observer = make();
      observer.observe(normal(3000, 3, 5 * sign, 0.3));
      const { min, max } = observer.range();
      expect(min).toBeLessThanOrEqual(max);
      expect(Math.abs(sign > 0 ? max : min)).toBeGreaterThan(4.9);
    }
  });
});

describe("minMax", () => {
  test("is the smallest and the largest value, in however many batches", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })), { minLength: 1 }),
        (batches) => {
          const values = batches.flat();
          fc.pre(values.length > 0);
          const observer = minMax();
          for (const batch of batches) observer.observe(Float32Array.from(batch));
          const { min, max } = observer.range();
          expect([min + 0, max + 0]).toEqual([Math.min(...values) + 0, Math.max(...values) + 0]);
        },
      ),
    );
  });

  test("takes doubles beyond float32 and differences beyond double", () => {
    const observer = minMax();
    observer.observe([-1.7e308, 1.7e308]);
    expect(observer.range()).toEqual({ min: -1.7e308, max: 1.7e308 });
  });
});

describe("movingAverage", () => {
  test("weighs the past by the momentum", () => {
    const observer = movingAverage({ momentum: 0.75 });
    observer.observe([0, 8]);
    observer.observe([4, 4]);
    expect(observer.range()).toEqual({ min: 1, max: 7 });
    observer.observe([-7, 15]);
    expect(observer.range()).toEqual({ min: -1, max: 9 });
  });

  test("without momentum is the last batch", () => {
    const observer = movingAverage({ momentum: 0 });
    observer.observe([-5, 5]);
    observer.observe([1, 2]);
    expect(observer.range()).toEqual({ min: 1, max: 2 });
  });

  test("takes a momentum in [0, 1)", () => {
    for (const momentum of [-0.1, 1, NaN]) expect(() => movingAverage({ momentum })).toThrow(ArgumentError);
  });
});
