/**
 * Times contenders against each other. The speed of a machine drifts, so nobody has a stretch of it to himself:
 * rounds in which everyone runs a few short samples, in one process, with tinybench as the stopwatch.
 */
import { Bench } from "tinybench";
import { type Estimate, estimate } from "./statistics.ts";

export interface Contender {
  readonly name: string;
  /** Does its work `times` times; resolves when all of it is done. */
  run(times: number): void | Promise<void>;
}

export interface Plan {
  /** Time that all samples of all contenders together should take, in milliseconds; the fewest rounds may take more. */
  readonly budgetMs: number;
  /** Runs before the first sample go on for this long. */
  readonly warmupMs: number;
  /** A sample repeats the work until it takes at least this long: much longer than the step of the clock. */
  readonly sampleMs: number;
  /** Where one sample is shorter than this, a contender takes up to three in a round. */
  readonly slotMs: number;
  readonly minRounds: number;
  /** Where even the fewest rounds take longer than this, there are fewer, at least one. */
  readonly limitMs: number;
  readonly maxRounds: number;
  /** Rest before each turn, so that pools of the contender before have gone from spinning to sleeping. */
  readonly pauseMs: number;
}

export const defaultPlan: Plan = {
  budgetMs: 1000,
  warmupMs: 40,
  sampleMs: 4,
  slotMs: 20,
  minRounds: 7,
  limitMs: 10_000,
  maxRounds: 20,
  pauseMs: 0,
};

/** Where a run takes less than this, each turn begins with one that does not count: caches are the contender's own again. */
const WARM_TURN_MS = 10;

interface Entry {
  readonly contender: Contender;
  /** Runs in one sample, and samples in one round. */
  readonly times: number;
  readonly iterations: number;
  readonly costMs: number;
  readonly bench: Bench;
  readonly samples: number[];
}

/** Median times of one run, in the order of the contenders. Rejects with the error of a contender that fails. */
export async function measure(
  contenders: readonly Contender[],
  options: Partial<Plan> = {},
): Promise<Estimate[]> {
  const plan = { ...defaultPlan, ...options };
  const entries: Entry[] = [];
  for (const contender of contenders) entries.push(await enter(contender, plan));
  const roundMs = entries.reduce(
    (sum, { costMs, iterations }) => sum + costMs * iterations + plan.pauseMs,
    0,
  );
  const fewest = Math.max(1, Math.min(plan.minRounds, Math.floor(plan.limitMs / roundMs)));
  const rounds = Math.max(fewest, Math.min(plan.maxRounds, Math.floor(plan.budgetMs / roundMs)));
  for (let round = 0; round < rounds; round++) {
    // Another one begins in each round: who follows whom must not matter.
    for (let turn = 0; turn < entries.length; turn++) {
      const entry = entries[(round + turn) % entries.length]!;
      // Without a reset, a second run does nothing.
      entry.bench.reset();
      await entry.bench.run();
      for (const { result } of entry.bench.tasks)
        if (result.state === "completed") entry.samples.push(...(result.latency.samples ?? []));
    }
  }
  return entries.map(({ samples }) => estimate(samples));
}

/** Warms a contender up, and finds how many runs make a sample. */
async function enter(contender: Contender, plan: Plan): Promise<Entry> {
  const start = performance.now();
  let runs = 0;
  let fastest = Number.POSITIVE_INFINITY;
  let now = start;
  while (runs < 2 || now - start < plan.warmupMs) {
    if (now - start > plan.limitMs / 5) break;
    await contender.run(1);
    const then = performance.now();
    fastest = Math.min(fastest, then - now);
    now = then;
    runs++;
  }
  const runMs = Math.max(fastest, 1e-4);
  const times = Math.ceil(plan.sampleMs / runMs);
  const costMs = times * runMs;
  const iterations = Math.max(1, Math.min(3, Math.floor(plan.slotMs / costMs)));
  const bench = new Bench({
    iterations,
    time: 0,
    warmup: false,
    retainSamples: true,
    throws: true,
    setup: async () => {
      await new Promise((resolve) => setTimeout(resolve, plan.pauseMs));
      if (runMs < WARM_TURN_MS) await contender.run(1);
    },
  });
  bench.add(
    contender.name,
    async () => {
      const begin = bench.now();
      const pending = contender.run(times);
      if (pending !== undefined) await pending;
      const elapsed = bench.now() - begin;
      return { overriddenDuration: elapsed / times, overriddenIterationCost: elapsed };
    },
    { async: true },
  );
  return { contender, times, iterations, costMs, bench, samples: [] };
}
