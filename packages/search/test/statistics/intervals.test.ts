/** Intervals against published values, and against how often they hold what they should. */
import { describe, expect, test } from "vitest";
import {
  bootstrapInterval,
  meanInterval,
  normalQuantile,
  pairedDifferenceInterval,
  proportionInterval,
  Random,
  SearchError,
  studentQuantile,
} from "../../src/index.ts";

describe("quantiles", () => {
  // Abramowitz and Stegun 1964, tables 26.5 and 26.10; NIST/SEMATECH e-Handbook, 1.3.6.7.2.
  test.each([
    [0.975, 1.959964],
    [0.995, 2.575829],
    [0.9, 1.281552],
    [0.5, 0],
    [0.025, -1.959964],
  ])("normal, %f", (p, z) => expect(normalQuantile(p)).toBeCloseTo(z, 6));
  test.each([
    [0.975, 1, 12.706],
    [0.975, 2, 4.303],
    [0.975, 5, 2.571],
    [0.975, 10, 2.228],
    [0.995, 7, 3.499],
    [0.95, 30, 1.697],
    [0.975, 100, 1.984],
  ])("Student's, %f with %i degrees of freedom", (p, freedom, t) =>
    expect(studentQuantile(p, freedom)).toBeCloseTo(t, 3),
  );
  test("have no step where the expansion takes over", () => {
    const [a, b, c] = [999, 1000, 1001].map((freedom) => studentQuantile(0.975, freedom));
    expect(a! - b!).toBeCloseTo(b! - c!, 7);
  });
});

describe("proportions", () => {
  // Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("%i of %i", (successes, n, low, high) => {
    const interval = proportionInterval(successes, n);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  test("nonsense is refused", () => {
    expect(() => proportionInterval(3, 2)).toThrow(SearchError);
    expect(() => proportionInterval(0, 0)).toThrow(SearchError);
    expect(() => proportionInterval(1, 2, 95)).toThrow(SearchError);
  });
});

describe("differences of paired proportions", () => {
  // Newcombe 1998, "... based on paired data", table II, method 10; and Fagerland et al., "Recommended tests and confidence
  // intervals for paired binomial proportions" (2014), of airways before and after a transplantation.
  test.each([
    [{ both: 36, first: 12, second: 2, neither: 0 }, 0.0569, 0.3404, 4],
    [{ both: 1, first: 1, second: 7, neither: 12 }, -0.507, -0.026, 3],
  ])("%o", (paired, low, high, digits) => {
    const interval = pairedDifferenceInterval(paired);
    expect(interval.low).toBeCloseTo(low, digits);
    expect(interval.high).toBeCloseTo(high, digits);
  });

  test("mirror each other", () => {
    const a = pairedDifferenceInterval({ both: 30, first: 7, second: 3, neither: 12 });
    const b = pairedDifferenceInterval({ both: 30, first: 3, second: 7, neither: 12 });
    expect(a.low).toBeCloseTo(-b.high, 12);
    expect(a.high).toBeCloseTo(-b.low, 12);
  });

  test("hold the difference about 95 times of 100", () => {
    const random = new Random(11);
    let held = 0;
    const runs = 2000;
    for (let run = 0; run < runs; run++) {
      const counts = [0, 0, 0, 0];
      // Right by both 70 %, by one alone 8 % and 5 %.
      for (let i = 0; i < 200; i++) counts[random.weighted([0.7, 0.08, 0.05, 0.17])]!++;
      const [both, first, second, neither] = counts;
      const { low, high } = pairedDifferenceInterval({
        both: both!,
        first: first!,
        second: second!,
        neither: neither!,
      });
      if (low <= 0.03 && 0.03 <= high) held++;
    }
    expect(held / runs).toBeGreaterThan(0.93);
    expect(held / runs).toBeLessThan(0.975);
  });
});

describe("means", () => {
  test("by hand", () => {
    // Mean 3, deviation sqrt(2.5), t of 4 degrees of freedom 2.776.
    const { estimate, low, high } = meanInterval([1, 2, 3, 4, 5]);
    expect(estimate).toBe(3);
    expect(low).toBeCloseTo(3 - 2.776 * Math.sqrt(2.5 / 5), 3);
    expect(high).toBeCloseTo(3 + 2.776 * Math.sqrt(2.5 / 5), 3);
  });

  test.each(["student", "bootstrap"])("are held about 95 times of 100 (%s)", (kind) => {
    const random = new Random(3);
    let held = 0;
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const values = Array.from({ length: 60 }, () => random.next() + random.next() ** 2);
      const mean = (indices: Uint32Array) => indices.reduce((sum, i) => sum + values[i]!, 0) / indices.length;
      const { low, high } =
        kind === "student"
          ? meanInterval(values)
          : bootstrapInterval(values.length, mean, { seed: run, resamples: 400 });
      if (low <= 5 / 6 && 5 / 6 <= high) held++;
    }
    expect(held / runs).toBeGreaterThan(0.91);
    expect(held / runs).toBeLessThan(0.98);
  });

  test("the bootstrap is the same for the same seed", () => {
    const of = (seed: number) =>
      bootstrapInterval(50, (indices) => indices.reduce((sum, i) => sum + Math.sqrt(i), 0), { seed });
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });
});
