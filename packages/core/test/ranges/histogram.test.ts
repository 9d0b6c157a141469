import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entropy, type Histogram, histogram, mse, percentile } from "../../src/index.ts";
import { normal } from "../support/random.ts";

/** Counts by bin number, which do not depend on where the bins start. */
function counted({ counts, first }: Histogram): Map<number, number> {
  return new Map(
    [...counts].map((count, i): [number, number] => [first + i, count]).filter(([, count]) => count > 0),
  );
}

/** The same from the definition: bin k holds k <= x / width < k + 1. */
function expected(values: readonly number[], width: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const x of values) {
    const bin = Math.floor(x / width);
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
  }
  return counts;
}

const finite = { noNaN: true, noDefaultInfinity: true };
const numbers = fc.oneof(
  fc.float(finite),
  fc.float({ ...finite, min: -10, max: 10 }),
  // Doubles, but not so small that the definition's own division underflows.
  fc.double({ ...finite, min: -1e-6, max: 1e-6 }).filter((x) => x === 0 || Math.abs(x) > 1e-150),
  fc.constantFrom(0, -0, 1, -1, 2 ** -149, 3.4e38),
);

describe("histogram", () => {
  test("counts every value in its bin, whatever came before it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(numbers, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 8 }),
        (batches) => {
          const seen = histogram(64);
          for (const batch of batches) seen.add(batch);
          const values = batches.flat();
          const found = counted(seen);
          const wanted = expected(values, seen.width);
          expect([...found].sort()).toEqual([...wanted].sort());
          expect(seen.total).toBe(values.length);
          expect([seen.min + 0, seen.max + 0]).toEqual([Math.min(...values) + 0, Math.max(...values) + 0]);
          expect(Math.log2(seen.width)).toSatisfy(Number.isInteger);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("spans the data with about half of its bins or more", () => {
    for (const scale of [1, 3, 1e-20, 5e30]) {
      const seen = histogram(2048);
      seen.add(normal(1000, 7).map((x) => x * scale));
      const used = (seen.max - seen.min) / seen.width;
      expect(used).toBeGreaterThan(1022);
      expect(used).toBeLessThan(2048);
    }
  });

  test("needs no more memory after 1,000 batches that keep widening, and loses no count", () => {
    const seen = histogram(256);
    for (let batch = 0; batch < 1000; batch++) {
      const reach = 1.02 ** batch;
      seen.add([-reach, 0, 0.5 * reach, reach]);
      if (batch % 100 === 0) expect(seen.counts.length).toBe(256);
    }
    expect(seen.counts.length).toBe(256);
    expect(seen.counts.reduce((a, b) => a + b)).toBe(4000);
    expect(seen.total).toBe(4000);
  });

  test("gives order statistics to within a bin", () => {
    const values = normal(999, 3);
    const seen = histogram(128);
    seen.add(values.subarray(0, 10));
    seen.add(values.subarray(10));
    values.sort();
    for (const k of [0, 1, 17, 499, 500, 997, 998]) {
      expect(Math.abs(seen.order(k) - values[k]!)).toBeLessThanOrEqual(seen.width);
    }
    expect(seen.order(0)).toBeGreaterThanOrEqual(seen.min);
    expect(seen.order(998)).toBeLessThanOrEqual(seen.max);
  });
});

test.each([
  ["percentile", () => percentile({ percent: 99 })],
  ["mse", () => mse({ dtype: "int8", symmetric: false })],
  ["entropy", () => entropy({ dtype: "int8", symmetric: true })],
] as const)("%s: 1,000 batches give what one gives", (_, make) => {
  const values = normal(20_000, 11, 0.2);
  const one = make();
  one.observe(values);
  const many = make();
  for (let i = 0; i < 1000; i++) many.observe(values.subarray(i * 20, i * 20 + 20));
  expect(many.count).toBe(20_000);
  // The same bins hold the same counts by then: growing only merges.
  expect(many.range()).toEqual(one.range());
});
