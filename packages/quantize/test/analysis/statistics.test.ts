/** Intervals and rank correlations, by hand and by their properties. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { intervalOf } from "../../src/analysis/statistics.ts";
import { linearScale, logScale } from "../../src/chart/scale.ts";
import { rankCorrelation } from "../../src/index.ts";

test("the interval of a mean", () => {
  const { mean, low, high } = intervalOf([1, 3, 5, 5]);
  expect(mean).toBe(3.5);
  const deviation = Math.sqrt((2.5 ** 2 + 0.5 ** 2 + 1.5 ** 2 + 1.5 ** 2) / 3);
  expect(high - mean).toBeCloseTo((1.96 * deviation) / 2, 12);
  expect(mean - low).toBeCloseTo(high - mean, 12);
  expect(intervalOf([7])).toEqual({ mean: 7, low: 7, high: 7 });
  expect(intervalOf([]).mean).toBeNaN();
});

test("Spearman's rank correlation, by 1 - 6 sum d^2 / (n (n^2 - 1))", () => {
  // Differences of ranks: 0, 1, -1, 0, 0.
  expect(rankCorrelation([1, 2, 3, 4, 5], [10, 300, 20, 400, 5000])).toBeCloseTo(1 - (6 * 2) / (5 * 24), 12);
  expect(rankCorrelation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  // Equal numbers share 1.5: ranks 0, 1.5, 1.5, 3 and 0, 1, 2, 3.
  expect(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  expect(rankCorrelation([1, 1], [1, 2])).toBeNaN();
});

test("rank correlation knows order alone, and is at most 1", () => {
  const number = fc.double({ min: -1e3, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(number, number), { minLength: 3, maxLength: 20 }), (pairs) => {
      const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
      const found = rankCorrelation(a, b);
      if (Number.isNaN(found)) return;
      expect(Math.abs(found)).toBeLessThan(1 + 1e-12);
      expect(rankCorrelation(b, a)).toBeCloseTo(found, 9);
      expect(
        rankCorrelation(
          a.map((x) => 1024 * x),
          b,
        ),
      ).toBeCloseTo(found, 9);
    }),
  );
});

test("axes hold their numbers between round ticks", () => {
  expect(linearScale([8.2, 37.3], 0, 100).ticks).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
  expect(linearScale([5], 0, 1).ticks.length).toBeGreaterThan(1);
  expect(linearScale([], 0, 1).ticks.length).toBeGreaterThan(1);
  const log = logScale([0.002, 30, -1, 0], 10, 60);
  expect(log.ticks).toEqual([0.001, 0.01, 0.1, 1, 10, 100]);
  expect([log.at(0.001), log.at(0.1), log.at(100), log.at(-5), log.at(1e9)]).toEqual([10, 30, 60, 10, 60]);
});
