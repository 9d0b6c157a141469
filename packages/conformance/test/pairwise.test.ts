/** Every pair meets, invalid combinations do not, and the result is far smaller than the product. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { pairwise, spread } from "../src/cases/pairwise.ts";
import { hash, random } from "../src/random.ts";

const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 5 });

function factorsOf(lengths: readonly number[]): { [name: string]: readonly number[] } {
  return Object.fromEntries(
    lengths.map((length, i) => [`f${i}`, Array.from({ length }, (_, value) => value)]),
  );
}

test("every pair of values meets", () => {
  fc.assert(
    fc.property(sizes, (lengths) => {
      const factors = factorsOf(lengths);
      const rows = pairwise(factors);
      for (const [i, a] of lengths.entries())
        for (const [j, b] of lengths.entries())
          for (let x = 0; i < j && x < a; x++)
            for (let y = 0; y < b; y++)
              expect(rows.some((row) => row[`f${i}`] === x && row[`f${j}`] === y)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("five factors of five values need a few dozen combinations, not 3,125", () => {
  expect(pairwise(factorsOf([5, 5, 5, 5, 5])).length).toBeLessThan(50);
});

test("no invalid combination comes out, and pairs that are valid still meet", () => {
  const rows = pairwise({ a: [1, 2, 3], b: [1, 2, 3], c: [1, 2] }, ({ a, b }) => a !== b);
  expect(rows.every(({ a, b }) => a !== b)).toBe(true);
  for (const a of [1, 2, 3])
    for (const c of [1, 2]) expect(rows.some((row) => row.a === a && row.c === c)).toBe(true);
});

test("spread gives one combination for each given part, with the rest chosen evenly", () => {
  const parts = Array.from({ length: 40 }, (_, i) => ({ a: i % 4 }));
  const rows = spread(parts, { a: [0, 1, 2, 3], b: ["x", "y", "z"], c: [true, false] });
  expect(rows.map(({ a }) => a)).toEqual(parts.map(({ a }) => a));
  for (const a of [0, 1, 2, 3])
    for (const b of ["x", "y", "z"]) expect(rows.some((row) => row.a === a && row.b === b)).toBe(true);
});

test("random numbers are uniform and follow from the seed", () => {
  const [a, b, other] = [random(7), random(7), random(8)];
  const numbers = Array.from({ length: 4000 }, a);
  expect(numbers).toEqual(Array.from({ length: 4000 }, b));
  expect(numbers).not.toEqual(Array.from({ length: 4000 }, other));
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(numbers.reduce((sum, x) => sum + x, 0) / 4000).toBeCloseTo(0.5, 1);
});

test("hashes are FNV-1a", () => {
  expect([hash(""), hash("a"), hash("foobar")]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
});
