/** Contenders take turns, and a sample is the mean of a batch. */
import { expect, test } from "vitest";
import { type Contender, measure } from "../src/measure.ts";

function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("contenders take turns, and another one begins in each round", async () => {
  const log: string[] = [];
  const contender = (name: string): Contender => ({
    name,
    run(times) {
      log.push(name);
      busy(0.2 * times);
    },
  });
  const plan = { warmupMs: 0, sampleMs: 1, slotMs: 1, minRounds: 4, maxRounds: 4, budgetMs: 0 };
  const estimates = await measure(["a", "b", "c"].map(contender), plan);
  // Two runs each to warm up; then in every turn one that does not count and one sample.
  expect(log.slice(0, 6).join("")).toBe("aabbcc");
  const turns = log.slice(6).filter((_, i) => i % 2 === 0);
  expect(turns.join("")).toBe("abc" + "bca" + "cab" + "abc");
  expect(estimates.map(({ samples }) => samples)).toEqual([4, 4, 4]);
});

test("times are those of one run, whatever the number of runs in a sample", async () => {
  let runs = 0;
  const [time] = await measure(
    [
      {
        name: "half a millisecond",
        async run(times) {
          runs += times;
          busy(0.5 * times);
        },
      },
    ],
    { warmupMs: 5, sampleMs: 4, slotMs: 4, minRounds: 6, maxRounds: 6, budgetMs: 0 },
  );
  // The clock cannot show less than was waited; what it shows above that is the machine's affair.
  expect(time?.lowMs).toBeGreaterThanOrEqual(0.49);
  expect(time?.samples).toBe(6);
  // 8 runs in each of 6 samples, beside those that warm up.
  expect(runs).toBeGreaterThanOrEqual(48);
});

test("the error of a contender is the error of the measurement", async () => {
  let runs = 0;
  const failing = {
    name: "failing",
    run() {
      busy(0.1);
      if (++runs > 10) throw new RangeError("no more");
    },
  };
  await expect(measure([failing], { sampleMs: 0.1, warmupMs: 0 })).rejects.toThrow("no more");
});

test("where rounds take longer than the limit, there are fewer", async () => {
  const slow = { name: "slow", run: (times: number) => busy(20 * times) };
  const [time] = await measure([slow], { sampleMs: 1, limitMs: 50, minRounds: 10, budgetMs: 0, warmupMs: 0 });
  expect(time?.samples).toBeLessThanOrEqual(2);
});
