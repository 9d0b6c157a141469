/** When a rival's result counts as ours. */
import { expect, test } from "vitest";
import { disagreement } from "../src/compare.ts";

test("equal results agree, NaN and infinities included", () => {
  const values = [1, -2, Number.NaN, Number.POSITIVE_INFINITY];
  expect(disagreement(values, [...values], { max: 0, rms: 0 })).toBeUndefined();
});

test("bounds are relative to the root mean square of ours", () => {
  // Root mean square of [3, 4, 0, 0] is 2.5; the largest difference is 0.5, that is 0.2 of it; on average half of that.
  expect(disagreement([3, 4, 0, 0], [3, 4, 0.5, 0], { max: 0.21 })).toBeUndefined();
  expect(disagreement([3, 4, 0, 0], [3, 4, 0.5, 0], { max: 0.19 })).toContain(
    "value 2 is 0.5 where ours is 0",
  );
  expect(disagreement([3, 4, 0, 0], [3, 4, 0.5, 0], { rms: 0.11 })).toBeUndefined();
  expect(disagreement([3, 4, 0, 0], [3, 4, 0.5, 0], { rms: 0.09 })).toContain("on average");
});

test("another length, NaN or infinity disagrees", () => {
  expect(disagreement([1, 2], [1], { rms: 1 })).toContain("1 values where we have 2");
  expect(disagreement([1, 2], [1, Number.NaN], { rms: 1 })).toContain("value 1 is NaN");
  expect(disagreement([1, Number.NaN], [1, 2], { rms: 1 })).toContain("value 1 is 2");
  expect(disagreement([1, 2], [1, Number.POSITIVE_INFINITY], { rms: 1 })).toBeDefined();
});
