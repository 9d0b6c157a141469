import { describe, expect, test } from "vitest";
import { ArgumentError, entropy } from "../../src/index.ts";
import { rangeCases } from "../support/quantization-vectors.ts";
import { normal } from "../support/random.ts";

function range(x: ArrayLike<number>, dtype: "int4" | "int8" | "uint8" | "int16", symmetric: boolean) {
  const observer = entropy({ dtype, symmetric });
  observer.observe(x);
  return observer.range();
}

describe.each(rangeCases)("entropy of $name data", ({ x, entropy: thresholds }) => {
  const clipped = (threshold: number) => ({
    min: Math.max(-threshold, Math.min(...x)),
    max: Math.min(threshold, Math.max(...x)),
  });

  test("8 and 128 levels: the threshold of a plain implementation of TensorRT's calibration", () => {
    expect(range(x, "int4", true)).toEqual(clipped(thresholds["8"]));
    expect(range(x, "int8", true)).toEqual(clipped(thresholds["128"]));
  });

  test("all 256 levels are for what is not negative", () => {
    const nonNegative = Math.min(...x) >= 0;
    expect(range(x, "uint8", false)).toEqual(clipped(thresholds[nonNegative ? "256" : "128"]));
  });
});

test("cuts off an outlier from enough of a normal distribution", () => {
  const x = normal(100_000, 5);
  x[77] = 60;
  const { min, max } = range(x, "int8", true);
  expect(max).toBeGreaterThan(2.5);
  expect(max).toBeLessThan(20);
  expect(min).toBe(Math.max(-max, Math.min(...x)));
});

test("among thresholds as good as each other, takes the largest", () => {
  // Cut at 1, everything is at 1, before and after quantization; uncut, 1 and 2 have a level each. Both tell all there is.
  expect(range([1, 2], "int8", true)).toEqual({ min: 1, max: 2 });
});

test("how many zeros there are does not matter", () => {
  const x = normal(20_000, 6).map(Math.abs);
  const padded = new Float32Array(100_000);
  padded.set(x);
  expect(range(padded, "int8", true)).toEqual({ ...range(x, "int8", true), min: 0 });
});

test("with more levels than bins there is nothing to choose", () => {
  const x = normal(1000, 8);
  expect(range(x, "int16", true)).toEqual({ min: Math.min(...x), max: Math.max(...x) });
});

test("takes integer formats alone", () => {
  for (const dtype of ["float16", "int32"])
    expect(() => entropy({ dtype: dtype as "int8", symmetric: true })).toThrow(ArgumentError);
});
