/** Comparison of long arrays that names the first difference. */
import { expect } from "vitest";

/** Fails with the first index at which two arrays differ (-0 is not 0, NaN is NaN), and what went in there. */
export function expectSame<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  inputs?: ArrayLike<unknown>,
): void {
  expect(actual.length).toBe(expected.length);
  for (let index = 0; index < expected.length; index++) {
    if (!Object.is(actual[index], expected[index])) {
      const at = { index, input: inputs?.[index] };
      expect({ ...at, result: actual[index] }).toEqual({ ...at, result: expected[index] });
    }
  }
}
