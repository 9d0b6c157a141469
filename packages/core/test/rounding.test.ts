import fc from "fast-check";
import { expect, test } from "vitest";
import { roundHalfEven } from "../src/index.ts";

test.each([
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [-0.5, -0],
  [-1.5, -2],
  [-2.5, -2],
  [0.49999999999999994, 0],
  [0.5000000000000001, 1],
  [-0.2, -0],
  [0, 0],
  [-0, -0],
  [Number.NaN, Number.NaN],
  [Infinity, Infinity],
  [-Infinity, -Infinity],
])("%d becomes %d", (x, expected) => {
  expect(roundHalfEven(x)).toBe(expected);
});

test("a double with a fraction rounds, however large; beyond 2^52 there is no fraction", () => {
  expect(roundHalfEven(2 ** 51 + 0.5)).toBe(2 ** 51);
  expect(roundHalfEven(2 ** 51 + 1.5)).toBe(2 ** 51 + 2);
  expect(roundHalfEven(2 ** 52 - 0.5)).toBe(2 ** 52);
  expect(roundHalfEven(-(2 ** 52) + 0.5)).toBe(-(2 ** 52));
  expect(roundHalfEven(2 ** 52 + 1)).toBe(2 ** 52 + 1);
  expect(roundHalfEven(-(2 ** 53) + 1)).toBe(-(2 ** 53) + 1);
  expect(roundHalfEven(Number.MAX_VALUE)).toBe(Number.MAX_VALUE);
});

test("ties between all integers of 17 bits go to the even one", () => {
  for (let n = -(2 ** 16); n < 2 ** 16; n++) {
    const even = n % 2 === 0 ? n : n + 1;
    if (roundHalfEven(n + 0.5) !== even) expect([n, roundHalfEven(n + 0.5)]).toEqual([n, even]);
  }
});

test("the result is an integer at most half away", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
      const rounded = roundHalfEven(x);
      return (
        Number.isInteger(rounded) && Math.abs(rounded - x) <= 0.5 && Object.is(roundHalfEven(-x), -rounded)
      );
    }),
  );
});
