/** Samples taken with clocks that are fine, coarse, or no clocks at all. */
import { describe, expect, test } from "vitest";
import { medianMs, type Stopwatch, type Timing, TimingError, takeSamples } from "../src/index.ts";
import { fakeWatch } from "./fake.ts";

/** Samples that lie within one percent of the cost, which is what a clock may be off by. */
function expectCost({ samplesMs }: Timing, cost: number): void {
  for (const ms of samplesMs) expect(Math.abs(ms - cost) / cost).toBeLessThanOrEqual(0.011);
}

test("a fine clock: as many runs as make a sample long enough", async () => {
  const watch = fakeWatch(1e-6, 0.5);
  const timing = await takeSamples(watch, { warmup: 4, samples: 5, minSampleMs: 3 });
  expect(timing).toMatchObject({ clock: "fake", resolutionMs: expect.closeTo(1e-3, 6) });
  expect(timing.samplesMs).toHaveLength(5);
  expect(timing.runsPerSample * 0.5).toBeGreaterThanOrEqual(3);
  expect(timing.runsPerSample).toBeLessThanOrEqual(10);
  expectCost(timing, 0.5);
  // The warm-up, then attempts, then five samples of the same length.
  expect(watch.runs.slice(0, 2)).toEqual([4, 1]);
  expect(watch.runs.slice(-5)).toEqual(new Array(5).fill(timing.runsPerSample));
});

test("a coarse clock: samples are a hundred steps long, whatever the plan", async () => {
  const timing = await takeSamples(fakeWatch(1, 0.01), { samples: 4, minSampleMs: 0.001 });
  expect(timing.resolutionMs).toBe(1);
  expect(timing.runsPerSample * 0.01).toBeGreaterThanOrEqual(100);
  expectCost(timing, 0.01);
});

test("a long run is a sample by itself", async () => {
  const watch = fakeWatch(0.1, 50);
  const timing = await takeSamples(watch, { warmup: 0, samples: 2 });
  expect(timing.runsPerSample).toBe(1);
  expect(watch.runs).toEqual([1, 1, 1]);
  expectCost(timing, 50);
});

test("work that ends later is waited for", async () => {
  const inner = fakeWatch(1e-3, 2);
  const watch: Stopwatch = {
    clock: "later",
    now: () => inner.now(),
    run: async (times) => {
      await null;
      await inner.run(times);
    },
  };
  expectCost(await takeSamples(watch, { samples: 3 }), 2);
});

describe("is refused", () => {
  test("by a clock that stands still", async () => {
    const still: Stopwatch = { clock: "stopped", now: () => 5, run: () => {} };
    await expect(takeSamples(still)).rejects.toThrow(new TimingError("stopped stands still"));
  });

  test("where a million runs do not take long enough", async () => {
    const nothing = takeSamples(fakeWatch(1, 0), { samples: 1 });
    await expect(nothing).rejects.toThrow(TimingError);
    await expect(nothing).rejects.toThrow("time a larger problem");
  });

  test("when a clock stops between samples", async () => {
    const watch = fakeWatch(1e-3, 5);
    let stopped = 0;
    const stopping: Stopwatch = {
      clock: "stopping",
      now: () => stopped || watch.now(),
      run: (times) => {
        watch.run(times);
        if (watch.runs.length === 4) stopped = watch.now();
      },
    };
    await expect(takeSamples(stopping, { warmup: 1 })).rejects.toThrow("did not advance");
  });

  test.each([
    { samples: 0 },
    { samples: 1.5 },
    { warmup: -1 },
    { minSampleMs: 0 },
    { minSampleMs: Number.NaN },
  ])("with the plan %o", async (plan) => {
    const watch = fakeWatch(1e-3, 1);
    await expect(takeSamples(watch, plan)).rejects.toThrow(TimingError);
    expect(watch.runs).toEqual([]);
  });
});

test("the median is the middle sample, or the mean of the two in the middle", () => {
  const of = (...samplesMs: number[]) =>
    medianMs({ samplesMs, runsPerSample: 1, clock: "", resolutionMs: 1 });
  expect(of(9, 1, 2)).toBe(2);
  expect(of(10, 9, 1, 2)).toBe(5.5);
  expect(of(4)).toBe(4);
  expect(of()).toBeNaN();
});
