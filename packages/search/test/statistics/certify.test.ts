import { describe, expect, test } from "vitest";
import { certify, Random, SearchError, samplesToCertify } from "../../src/index.ts";

/** Answers of two models: of `n` samples parts are right by both, by the reference alone, by the candidate alone. */
function answers(n: number, both: number, first: number, second: number) {
  const reference = Array.from({ length: n }, (_, i) => (i < n * (both + first) ? 1 : 0));
  const candidate = Array.from({ length: n }, (_, i) =>
    i < n * both || (i >= n * (both + first) && i < n * (both + first + second)) ? 1 : 0,
  );
  return { reference, candidate };
}

describe("certificates", () => {
  test("hold, are violated, or undecided, by the interval of the drop", () => {
    expect(certify(0.01, answers(10_000, 0.7, 0.02, 0.02)).verdict).toBe("holds");
    expect(certify(0.01, answers(10_000, 0.7, 0.05, 0.02)).verdict).toBe("violated");
    const { verdict, interval, samples } = certify(0.01, answers(500, 0.7, 0.02, 0.02));
    expect(verdict).toBe("undecided");
    expect(samples).toBe(500);
    expect(interval.estimate).toBeCloseTo(0, 12);
    expect(interval.high).toBeGreaterThan(0.01);
  });

  test.each([
    [0.02, 0.02],
    [0.05, 0.01],
  ])(
    "so many samples as are said to be needed decide, a few less do not (%f lost, %f won)",
    (first, second) => {
      const { verdict, samplesNeeded } = certify(0.015, answers(200, 0.7, first, second));
      expect(verdict).toBe("undecided");
      const round = (n: number) => Math.round(n / 100) * 100;
      expect(certify(0.015, answers(round(1.1 * samplesNeeded), 0.7, first, second)).verdict).not.toBe(
        "undecided",
      );
      expect(certify(0.015, answers(round(0.9 * samplesNeeded), 0.7, first, second)).verdict).toBe(
        "undecided",
      );
    },
  );

  test("of other scores go by their mean", () => {
    const random = new Random(1);
    const reference = Array.from({ length: 2000 }, () => random.next());
    const candidate = reference.map((score) => score - 0.02 * random.next());
    expect(certify(0.02, { reference, candidate }).verdict).toBe("holds");
    expect(certify(0.005, { reference, candidate }).verdict).toBe("violated");
    const few = certify(0.0105, { reference: reference.slice(0, 20), candidate: candidate.slice(0, 20) });
    expect(few.verdict).toBe("undecided");
    expect(few.samplesNeeded).toBeGreaterThan(20);
  });

  test("say that a budget is kept when it is not, at most once in 40 times", () => {
    const random = new Random(2);
    let wrong = 0;
    const runs = 1500;
    for (let run = 0; run < runs; run++) {
      const drawn = Array.from({ length: 400 }, () => random.weighted([0.7, 0.06, 0.03, 0.21]));
      const results = {
        reference: drawn.map((kind) => (kind < 2 ? 1 : 0)),
        candidate: drawn.map((kind) => (kind === 0 || kind === 2 ? 1 : 0)),
      };
      // The drop is 0.03, which is just not within.
      if (certify(0.0299, results).verdict === "holds") wrong++;
    }
    expect(wrong / runs).toBeLessThan(0.025 + 3 * Math.sqrt(0.025 / runs));
    expect(wrong / runs).toBeGreaterThan(0.005);
  });

  test("a drop that is the budget itself is decided by no amount of data", () => {
    expect(certify(0.01, answers(1000, 0.7, 0.03, 0.02)).samplesNeeded).toBe(Number.POSITIVE_INFINITY);
  });

  test("nonsense is refused", () => {
    expect(() => certify(0.01, { reference: [1], candidate: [1, 0] })).toThrow(SearchError);
    expect(() => certify(0.01, { reference: [], candidate: [] })).toThrow(SearchError);
    expect(() => certify(0.01, { reference: [1, Number.NaN], candidate: [1, 0] })).toThrow(SearchError);
  });
});

test("plans need more samples for smaller budgets and more disagreement, and as many as the certificate needs", () => {
  const needed = samplesToCertify({ budget: 0.01, disagreement: 0.04 });
  // About (1.96 / 0.01)^2 * 0.04.
  expect(needed).toBeGreaterThan(1400);
  expect(needed).toBeLessThan(1700);
  expect(samplesToCertify({ budget: 0.005, disagreement: 0.04 })).toBeGreaterThan(3.5 * needed);
  expect(samplesToCertify({ budget: 0.01, disagreement: 0.08 })).toBeGreaterThan(1.8 * needed);
  const n = Math.ceil(needed / 100) * 100;
  expect(certify(0.01, answers(n, 0.73, 0.02, 0.02)).verdict).toBe("holds");
  expect(() => samplesToCertify({ budget: 0.01, drop: 0.02, disagreement: 0.04 })).toThrow(SearchError);
});
