import { describe, expect, test } from "vitest";
import { ArgumentError, affineScale, affineZeroPoint, mse, type Range } from "../../src/index.ts";
import { affineMse } from "../support/naive.ts";
import { rangeCases } from "../support/quantization-vectors.ts";
import { normal } from "../support/random.ts";

type Format = "int2" | "int4" | "uint4" | "int8" | "uint8";

function error(x: Float32Array, range: Range, dtype: Format, symmetric: boolean): number {
  const scale = affineScale(range, dtype, symmetric);
  return affineMse(x, scale, affineZeroPoint(range, scale, dtype, symmetric), dtype);
}

/** The smallest error that any range on a grid gives, over the data itself. */
function bruteForce(x: Float32Array, dtype: Format, symmetric: boolean): number {
  const min = Math.min(...x);
  const max = Math.max(...x);
  const steps = symmetric ? 120 : 24;
  let least = Infinity;
  for (let i = 1; i <= steps; i++) {
    for (let j = symmetric ? i : 1; j <= (symmetric ? i : steps); j++) {
      least = Math.min(least, error(x, { min: (min * i) / steps, max: (max * j) / steps }, dtype, symmetric));
    }
  }
  return least;
}

describe.each(rangeCases)("mse range of $name data", ({ x }) => {
  test.each([
    ["int8", true],
    ["int4", true],
    ["int2", true],
    ["uint4", false],
    ["uint8", false],
  ] as const)("%s, symmetric %s: the error of no range on a grid is much smaller", (dtype, symmetric) => {
    const observer = mse({ dtype, symmetric });
    for (let i = 0; i < x.length; i += 64) observer.observe(x.subarray(i, i + 64));
    const range = observer.range();
    expect(error(x, range, dtype, symmetric)).toBeLessThanOrEqual(bruteForce(x, dtype, symmetric) * 1.02);
    expect(range.min).toBeGreaterThanOrEqual(Math.min(...x, 0));
    expect(range.max).toBeLessThanOrEqual(Math.max(...x, 0));
  });
});

test("clips the normal distribution where theory does: at 3.92 deviations for 8 bits (Banner et al. 2019, ACIQ)", () => {
  const observer = mse({ dtype: "int8", symmetric: true });
  observer.observe(normal(400_000, 9, 0, 2));
  expect(Math.abs(observer.range().max / 2 - 3.92)).toBeLessThan(0.1);
});

test("takes integer formats of up to 16 bits", () => {
  for (const dtype of ["float16", "int32", "bool"])
    expect(() => mse({ dtype: dtype as "int8", symmetric: true })).toThrow(ArgumentError);
});
