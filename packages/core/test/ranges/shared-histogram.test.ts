/** One histogram of 4096 bins answers what observers with histograms of their own would. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  coarsen,
  entropy,
  entropyRange,
  type HistogramData,
  histogram,
  histogramData,
  mse,
  mseRange,
  NoDataError,
  orderStatistic,
  percentile,
  percentileRange,
} from "../../src/index.ts";
import { normal } from "../support/random.ts";

const streams: Record<string, Float32Array[]> = {
  "about zero": [normal(500, 1), normal(700, 2, 0, 5), normal(300, 3)],
  "far from zero": [normal(500, 4, 50, 0.1), normal(500, 5, 51, 0.2)],
  "below zero": [normal(500, 6, -9, 1)],
  "one sign": [normal(2000, 7).map(Math.abs), new Float32Array(1000)],
  "all alike": [Float32Array.of(2.5, 2.5), Float32Array.of(2.5)],
  zeros: [new Float32Array(10)],
  "outlier late": [normal(5000, 8), Float32Array.of(1000)],
};

function seen(batches: readonly Float32Array[], bins: number) {
  const all = histogram(bins);
  for (const batch of batches) all.add(batch);
  return all;
}

function counted({ counts, first }: HistogramData): [number, number][] {
  return [...counts].flatMap((count, i): [number, number][] => (count > 0 ? [[first + i, count]] : []));
}

describe.each(Object.entries(streams))("%s", (_, batches) => {
  const shared = histogramData(seen(batches, 4096));

  test("coarsened to 2048 bins, the counts are those of a histogram of 2048", () => {
    const own = seen(batches, 2048);
    const coarse = coarsen(shared, 2048);
    expect(coarse.width).toBe(own.width);
    expect(counted(coarse)).toEqual(counted(own));
    expect([coarse.min, coarse.max, coarse.total]).toEqual([own.min, own.max, own.total]);
    expect(coarse.counts.length).toBe(2048);
  });

  test("every method and format answers as its observer", () => {
    const coarse = coarsen(shared, 2048);
    for (const percent of [90, 99, 99.99, 100]) {
      const observer = percentile({ percent });
      for (const batch of batches) observer.observe(batch);
      expect(percentileRange(coarse, { percent })).toEqual(observer.range());
    }
    for (const dtype of ["int8", "uint8", "int4"] as const) {
      for (const symmetric of [true, false]) {
        const observers = [mse({ dtype, symmetric }), entropy({ dtype, symmetric })];
        for (const batch of batches) for (const observer of observers) observer.observe(batch);
        expect(mseRange(coarse, { dtype, symmetric })).toEqual(observers[0]?.range());
        expect(entropyRange(shared, { dtype, symmetric })).toEqual(observers[1]?.range());
      }
    }
  });

  test("goes on from plain data as if it had not stopped", () => {
    const resumed = histogram(4096, shared);
    const whole = seen([...batches, normal(100, 9, 3, 20)], 4096);
    resumed.add(normal(100, 9, 3, 20));
    expect(histogramData(resumed)).toEqual(histogramData(whole));
  });
});

test("order statistics of the data are those of the histogram", () => {
  const all = seen([normal(999, 3)], 128);
  for (const k of [0, 17, 500, 998]) expect(orderStatistic(histogramData(all), k)).toBe(all.order(k));
});

test("coarsening loses no count and keeps each in the bin that holds its own", () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 }),
      fc.integer({ min: 2, max: 64 }),
      (values, bins) => {
        const coarse = coarsen(seen([Float32Array.from(values)], 64), bins);
        const expected = new Map<number, number>();
        for (const x of values) {
          const bin = Math.floor(x / coarse.width);
          expected.set(bin, (expected.get(bin) ?? 0) + 1);
        }
        expect(new Map(counted(coarse))).toEqual(new Map([...expected].map(([bin, n]) => [bin + 0, n])));
      },
    ),
  );
});

test("an empty histogram has no range", () => {
  const empty = histogramData(histogram());
  const format = { dtype: "int8", symmetric: true } as const;
  expect(() => percentileRange(empty)).toThrow(NoDataError);
  expect(() => mseRange(empty, format)).toThrow(NoDataError);
  expect(() => entropyRange(empty, format)).toThrow(NoDataError);
  expect(coarsen(empty, 16).total).toBe(0);
  expect(histogram(16, empty).total).toBe(0);
});

test.each([
  { width: 3 },
  { width: -1 },
  { width: Number.NaN },
  { first: 0.5 },
  { first: 2 ** 60 },
  { min: Number.NaN },
  { min: 3 },
  { max: 5 },
  { max: Infinity },
  { counts: Float64Array.of(1, -1, 3) },
  { counts: Float64Array.of(1, 0.5, 1.5) },
  { total: 4 },
])("refuses what no histogram can be: %o", (wrong) => {
  const right: HistogramData = {
    ...{ width: 1, first: 0, counts: Float64Array.of(1, 0, 2) },
    ...{ min: 0.5, max: 2.5, total: 3 },
  };
  expect(histogram(8, right).total).toBe(3);
  expect(() => histogram(8, { ...right, ...wrong })).toThrow(ArgumentError);
});
