import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  crowdingDistances,
  dominates,
  frontRanks,
  hypervolume,
  type Point,
  paretoFront,
  Random,
  SearchError,
} from "../src/index.ts";

const points = (objectives: number, maxLength = 12) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: objectives, maxLength: objectives }), {
    maxLength,
  });

describe("fronts", () => {
  test("by hand", () => {
    const given = [
      [1, 5],
      [2, 2],
      [5, 1],
      [3, 3],
      [2, 2],
      [6, 6],
    ];
    expect(paretoFront(given)).toEqual([0, 1, 2, 4]);
    expect(frontRanks(given)).toEqual([0, 0, 0, 1, 0, 2]);
  });

  test("are what no other point dominates, each front after those before are taken away", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((n) => points(n)),
        (given) => {
          const ranks = frontRanks(given);
          let left = [...given.keys()];
          for (let rank = 0; left.length > 0; rank++) {
            const front = new Set(paretoFront(left.map((i) => given[i]!)).map((k) => left[k]!));
            expect(front.size).toBeGreaterThan(0);
            for (const i of left) expect(ranks[i] === rank).toBe(front.has(i));
            left = left.filter((i) => !front.has(i));
          }
        },
      ),
    );
  });

  test("dominance is strict and transitive", () => {
    fc.assert(
      fc.property(points(3, 3), ([a, b, c]) => {
        if (a === undefined || b === undefined || c === undefined) return;
        expect(dominates(a, a)).toBe(false);
        expect(dominates(a, b) && dominates(b, a)).toBe(false);
        if (dominates(a, b) && dominates(b, c)) expect(dominates(a, c)).toBe(true);
      }),
    );
  });

  test("NaN and points of different lengths are refused", () => {
    expect(() => paretoFront([[1, Number.NaN]])).toThrow(SearchError);
    expect(() => frontRanks([[1, 2], [1]])).toThrow(SearchError);
  });
});

test("crowding distances of NSGA-II by hand", () => {
  // Extents 4 and 6; the second point: (3 - 0) / 4 + (6 - 1) / 6.
  const distances = crowdingDistances([
    [0, 6],
    [1, 3],
    [3, 1],
    [4, 0],
  ]);
  expect(distances[0]).toBe(Number.POSITIVE_INFINITY);
  expect(distances[3]).toBe(Number.POSITIVE_INFINITY);
  expect(distances[1]).toBeCloseTo(3 / 4 + 5 / 6, 12);
  expect(distances[2]).toBeCloseTo(3 / 4 + 3 / 6, 12);
});

describe("hypervolume", () => {
  test("by hand", () => {
    expect(hypervolume([[3], [1]], [4])).toBe(3);
    expect(
      hypervolume(
        [
          [1, 3],
          [2, 2],
          [3, 1],
        ],
        [4, 4],
      ),
    ).toBe(6);
    // A slab of 2 * 2 * 1 and a column of 1 * 1 * 2, which share a unit cube.
    expect(
      hypervolume(
        [
          [0, 0, 1],
          [1, 1, 0],
        ],
        [2, 2, 2],
      ),
    ).toBe(5);
    expect(hypervolume([[5, 0]], [4, 4])).toBe(0);
    expect(hypervolume([], [1, 1, 1])).toBe(0);
    expect(() => hypervolume([], [1, 1, 1, 1])).toThrow(SearchError);
  });

  test.each([1, 2, 3])(
    "of integers in %i dimensions is the number of unit cells that some point dominates",
    (n) => {
      fc.assert(
        fc.property(points(n), (given) => {
          const cells = Array.from({ length: 6 ** n }, (_, i) =>
            Array.from({ length: n }, (_, k) => Math.floor(i / 6 ** k) % 6),
          );
          const covered = cells.filter((cell) => given.some((point) => point.every((x, k) => x <= cell[k]!)));
          expect(
            hypervolume(
              given,
              Array.from({ length: n }, () => 6),
            ),
          ).toBe(covered.length);
        }),
      );
    },
  );

  test("agrees with random sampling", () => {
    const random = new Random(5);
    const draw = (): Point => [random.next(), random.next(), random.next()];
    const given = Array.from({ length: 20 }, draw);
    const samples = 40_000;
    let inside = 0;
    for (let i = 0; i < samples; i++) {
      const at = draw();
      if (given.some((point) => point.every((x, k) => x <= at[k]!))) inside++;
    }
    // Five standard deviations.
    expect(Math.abs(hypervolume(given, [1, 1, 1]) - inside / samples)).toBeLessThan(
      5 * Math.sqrt(0.25 / samples),
    );
  });

  test("grows with points, and not with dominated ones", () => {
    fc.assert(
      fc.property(points(3), points(3, 1), (given, more) => {
        const reference = [7, 7, 7];
        const [before, after] = [hypervolume(given, reference), hypervolume([...given, ...more], reference)];
        expect(after).toBeGreaterThanOrEqual(before);
        const front = paretoFront(given).map((i) => given[i]!);
        expect(hypervolume(front, reference)).toBe(before);
      }),
    );
  });
});
