import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  type Granularity,
  grouped,
  minMax,
  movingAverage,
  NaNError,
  NoDataError,
  percentile,
  ShapeError,
} from "../../src/index.ts";
import { groupOfEach } from "../support/naive.ts";
import { normal } from "../support/random.ts";

describe("grouped", () => {
  test("gives each channel a range of its own", () => {
    const observer = grouped({ kind: "channel", axis: 1 }, minMax);
    observer.observe(Float32Array.of(1, 2, 10, 20, -1, -2, 30, 40), [2, 2, 2]);
    observer.observe(Float32Array.of(0, 5, 0, 0), [1, 2, 2]);
    expect(observer.ranges()).toEqual([
      { min: -2, max: 5 },
      { min: 0, max: 40 },
    ]);
  });

  test("equals an observer on the elements of each group, picked one by one", () => {
    const granularities: Granularity[] = [
      { kind: "tensor" },
      { kind: "channel", axis: 0 },
      { kind: "channel", axis: 1 },
      { kind: "channel", axis: -1 },
      { kind: "block", axis: 0, size: 2, partial: true },
      { kind: "block", axis: 1, size: 3, partial: true },
      { kind: "block", axis: -1, size: 2, partial: true },
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...granularities),
        fc.tuple(...[3, 4, 5].map((max) => fc.integer({ min: 1, max }))),
        (granularity, shape) => {
          const batches = [1, 2, 3].map((seed) =>
            normal(
              shape.reduce((a, b) => a * b),
              seed,
            ),
          );
          const observer = grouped(granularity, () => percentile({ percent: 90 }));
          for (const batch of batches) observer.observe(batch, shape);
          const of = groupOfEach(shape, granularity);
          const expected = Array.from({ length: Math.max(...of) + 1 }, (_, group) => {
            const alone = percentile({ percent: 90 });
            for (const batch of batches) alone.observe(batch.filter((_, i) => of[i] === group));
            return alone.range();
          });
          expect(observer.ranges()).toEqual(expected);
        },
      ),
    );
  });

  test("a batch is one batch for each group, however its elements are scattered", () => {
    const observer = grouped({ kind: "channel", axis: 1 }, () => movingAverage({ momentum: 0.5 }));
    observer.observe(Float32Array.of(0, 0, 4, 4), [2, 2]);
    observer.observe(Float32Array.of(2, 2, 2, 2), [2, 2]);
    expect(observer.ranges()).toEqual([
      { min: 1, max: 3 },
      { min: 1, max: 3 },
    ]);
  });

  test("a NaN is named by its place in the batch, and no group takes that batch in", () => {
    const observer = grouped({ kind: "channel", axis: 1 }, minMax);
    observer.observe(Float32Array.of(1, 2), [1, 2]);
    expect(() => observer.observe(Float32Array.of(9, 9, 9, NaN), [2, 2])).toThrow(
      expect.objectContaining({ index: 3, batch: 1 }),
    );
    expect(() => observer.observe(Float32Array.of(9, NaN), [1, 2])).toThrow(NaNError);
    expect(observer.ranges()).toEqual([
      { min: 1, max: 1 },
      { min: 2, max: 2 },
    ]);
  });

  test("errors: no data, another number of groups, a shape of another size", () => {
    const observer = grouped({ kind: "channel", axis: 0 }, minMax);
    expect(() => observer.ranges()).toThrow(NoDataError);
    observer.observe(new Float32Array(4), [2, 2]);
    expect(() => observer.observe(new Float32Array(3), [3, 1])).toThrow(ArgumentError);
    expect(() => observer.observe(new Float32Array(3), [2, 2])).toThrow(ShapeError);
  });
});
