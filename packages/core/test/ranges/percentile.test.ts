import { describe, expect, test } from "vitest";
import { ArgumentError, histogram, percentile } from "../../src/index.ts";
import { rangeCases } from "../support/quantization-vectors.ts";

describe.each(rangeCases)("percentile of $name data", ({ x, percentiles }) => {
  const seen = histogram();
  seen.add(x);

  test.each(Object.entries(percentiles))("%s: numpy's, to within a bin", (percent, [min, max]) => {
    const observer = percentile({ percent: Number(percent) });
    for (let i = 0; i < x.length; i += 100) observer.observe(x.subarray(i, i + 100));
    const range = observer.range();
    expect(Math.abs(range.min - min!)).toBeLessThanOrEqual(seen.width);
    expect(Math.abs(range.max - max!)).toBeLessThanOrEqual(seen.width);
  });
});

test("100 is min-max, exactly", () => {
  const observer = percentile({ percent: 100 });
  observer.observe([0.1, -0.3, 7.7]);
  expect(observer.range()).toEqual({ min: -0.3, max: 7.7 });
});

test("takes a percentage in (0, 100]", () => {
  for (const percent of [0, 101, NaN]) expect(() => percentile({ percent })).toThrow(ArgumentError);
});
