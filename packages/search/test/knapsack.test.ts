/** The integer program against all configurations there are. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Configuration, loadHighs, solveKnapsack } from "../src/index.ts";

const table = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }).chain((sizes) => {
  const rows = (value: fc.Arbitrary<number>) =>
    fc.tuple(...sizes.map((size) => fc.array(value, { minLength: size, maxLength: size })));
  return fc.record({
    scores: rows(fc.double({ min: 0, max: 10, noNaN: true, noDefaultInfinity: true })),
    losses: rows(
      fc.oneof(
        { weight: 9, arbitrary: fc.double({ min: -0.5, max: 3, noNaN: true, noDefaultInfinity: true }) },
        { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
      ),
    ),
    budget: fc.double({ min: -1, max: 6, noNaN: true, noDefaultInfinity: true }),
  });
});

function everything(scores: readonly (readonly number[])[]): Configuration[] {
  return scores.reduce<Configuration[]>(
    (all, row) => all.flatMap((each) => row.map((_, i) => [...each, i])),
    [[]],
  );
}

function sumOf(rows: readonly (readonly number[])[], configuration: Configuration): number {
  return rows.reduce((sum, row, i) => sum + row[configuration[i]!]!, 0);
}

describe("multiple-choice knapsack", () => {
  test("is as good as the best of all configurations", async () => {
    const highs = await loadHighs();
    fc.assert(
      fc.property(table, ({ scores, losses, budget }) => {
        const found = solveKnapsack(highs, { scores, losses, budget });
        const best = (limit: number) =>
          Math.min(
            ...everything(scores)
              .filter((each) => sumOf(losses, each) <= limit)
              .map((each) => sumOf(scores, each)),
          );
        const epsilon = 1e-5;
        if (found === undefined) expect(best(budget - epsilon)).toBe(Number.POSITIVE_INFINITY);
        else {
          expect(sumOf(losses, found)).toBeLessThanOrEqual(budget + epsilon);
          expect(sumOf(scores, found)).toBeLessThanOrEqual(best(budget - epsilon) + epsilon);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("goes through all configurations in order when those found are excluded", async () => {
    const highs = await loadHighs();
    const scores = [
      [5, 3, 1],
      [4, 2],
      [7, 6, 5],
    ];
    const losses = [
      [0, 1, 2],
      [0, 1],
      [0, 1, 4],
    ];
    const exclude: Configuration[] = [];
    for (;;) {
      const found = solveKnapsack(highs, { scores, losses, budget: 3, exclude });
      if (found === undefined) break;
      exclude.push(found);
    }
    const expected = everything(scores).filter((each) => sumOf(losses, each) <= 3);
    expect(exclude).toHaveLength(expected.length);
    expect(new Set(exclude.map(String))).toEqual(new Set(expected.map(String)));
    const found = exclude.map((each) => sumOf(scores, each));
    expect(found).toEqual([...found].sort((a, b) => a - b));
  });

  test("does not care about units", async () => {
    const highs = await loadHighs();
    const scores = [
      [5e9, 3e9, 1e9],
      [4e9, 3.5e9],
    ];
    const losses = [
      [0, 1e-7, 2e-7],
      [0, 1e-7],
    ];
    expect(solveKnapsack(highs, { scores, losses, budget: 2e-7 })).toEqual([2, 0]);
    expect(solveKnapsack(highs, { scores, losses, budget: 1e-7 })).toEqual([1, 0]);
  });
});
