/** Comparisons that name the first element that is off. */
import type { Tolerance } from "@bitbudget/backend";
import { dtypes, type FloatName, type HostTensor, valuesOf } from "@bitbudget/core";
import { expect } from "vitest";

/** Fails unless both have the same numbers bit for bit: -0 is not 0, and NaN is NaN. */
export function expectSame(actual: HostTensor | undefined, expected: HostTensor): void {
  expect(actual?.dtype).toBe(expected.dtype);
  expect(actual?.shape).toEqual(expected.shape);
  if (actual !== undefined) expectNumbers(valuesOf(actual), valuesOf(expected));
}

/** The same of plain numbers. */
export function expectNumbers(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let index = 0; index < expected.length; index++)
    if (!Object.is(actual[index], expected[index]))
      expect({ index, value: actual[index] }).toEqual({ index, value: expected[index] });
}

/**
 * Fails unless every number is within the tolerance of a spec. `magnitudes` are those of the same computation on
 * absolute values, and only asked for by tolerances of magnitude.
 */
export function expectClose(
  actual: HostTensor | undefined,
  expected: HostTensor,
  { ulp, of, absolute = 0 }: Tolerance,
  magnitudes?: ArrayLike<number>,
): void {
  expect(actual?.shape).toEqual(expected.shape);
  if (actual === undefined) return;
  const got = valuesOf(actual);
  const want = valuesOf(expected);
  for (let index = 0; index < want.length; index++) {
    if (Object.is(got[index], want[index])) continue;
    const yardstick = of === "result" ? want[index]! : magnitudes![index]!;
    const allowed = Math.max(absolute, ulp * lastPlace(yardstick, expected.dtype));
    const error = Math.abs(got[index]! - want[index]!);
    if (!(error <= allowed))
      expect({ index, value: got[index], allowed }).toEqual({ index, value: want[index], allowed });
  }
}

/** Distance to the next larger number of a float format. */
function lastPlace(x: number, dtype: HostTensor["dtype"]): number {
  const { epsilon, smallestNormal } = dtypes[dtype as FloatName];
  return 2 ** Math.floor(Math.log2(Math.max(Math.abs(x), smallestNormal))) * epsilon;
}
