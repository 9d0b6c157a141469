/** Medians and their intervals against values worked by hand. */
import { describe, expect, test } from "vitest";
import { estimate, intervalRank, median, ratioOf } from "../src/statistics.ts";

describe("median", () => {
  test("is the middle, or the mean of the two there", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });

  test("leaves the samples in their order", () => {
    const samples = [3, 1, 2];
    median(samples);
    expect(samples).toEqual([3, 1, 2]);
  });
});

// P(at most k - 1 of n samples below the median), doubled: 2/64 for the extremes of 6, 2 * 10/512 for the second of 9,
// 2 * 11/1024 = 0.021 for the second of 10 (and 0.109 for the third), 0.0414 for the sixth of 20 (0.115 for the seventh).
// Ranks of larger numbers are those of the table in Conover, Practical Nonparametric Statistics: 18 of 50.
test.each([
  [5, 1],
  [6, 1],
  [8, 1],
  [9, 2],
  [10, 2],
  [20, 6],
  [50, 18],
])("of %i samples the interval begins with number %i", (n, rank) => {
  expect(intervalRank(n)).toBe(rank);
});

test("less confidence gives a narrower interval", () => {
  // 2 * 56/1024 = 0.109 is more than 0.05 and less than 0.2.
  expect(intervalRank(10, 0.8)).toBe(3);
});

test("an estimate is the median between order statistics", () => {
  const samples = [9, 1, 5, 3, 7, 2, 8, 6, 4];
  expect(estimate(samples)).toEqual({ medianMs: 5, lowMs: 2, highMs: 8, samples: 9 });
});

test("the interval holds the median of the distribution as often as it says", () => {
  let state = 12345;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  let held = 0;
  const trials = 4000;
  for (let i = 0; i < trials; i++) {
    // A skewed distribution with median ln 2, as times have.
    const { lowMs, highMs } = estimate(Array.from({ length: 20 }, () => -Math.log(1 - uniform())));
    if (lowMs <= Math.LN2 && Math.LN2 <= highMs) held++;
  }
  // 1 - 0.0414, within four standard errors.
  expect(held / trials).toBeGreaterThan(0.9586 - 0.0126);
  expect(held / trials).toBeLessThan(0.9586 + 0.0126);
});

test("a ratio is theirs over ours, and its interval spans both", () => {
  const theirs = { medianMs: 10, lowMs: 9, highMs: 12, samples: 9 };
  const ours = { medianMs: 5, lowMs: 4, highMs: 6, samples: 9 };
  expect(ratioOf(theirs, ours)).toEqual({ ratio: 2, ratioLow: 1.5, ratioHigh: 3 });
});
