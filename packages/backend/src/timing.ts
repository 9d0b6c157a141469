/** How kernels are timed: raw samples, the clock they came from, and a refusal where the clock is too coarse. */
import { TimingError } from "./errors.ts";

export interface TimingPlan {
  /** Runs before the first sample, so that compilers and caches have settled. Default 3. */
  readonly warmup?: number;
  /** Number of samples. Default 20. */
  readonly samples?: number;
  /** A sample repeats the kernel until it takes at least this long, in milliseconds. Default 2. */
  readonly minSampleMs?: number;
}

export interface Timing {
  /** Milliseconds of one run, one figure per sample, in the order they were taken. */
  readonly samplesMs: readonly number[];
  /** Runs that each sample is the mean of. */
  readonly runsPerSample: number;
  readonly clock: string;
  /** Smallest step of the clock that was seen, in milliseconds. */
  readonly resolutionMs: number;
}

/** A clock and something to run. `run` does its work `times` times and resolves when all of it is done. */
export interface Stopwatch {
  readonly clock: string;
  now(): number;
  run(times: number): void | Promise<void>;
}

const MAX_RUNS_PER_SAMPLE = 1 << 20;
/** A sample must be this many steps of the clock long, which bounds the error of reading it to one percent. */
const STEPS_PER_SAMPLE = 100;

/** Median of the samples, in milliseconds. */
export function medianMs({ samplesMs }: Timing): number {
  const sorted = [...samplesMs].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * Takes samples by the plan. Rejects with a TimingError when the clock stands still, or when a sample cannot be made
 * long against the clock's step.
 */
export async function takeSamples(watch: Stopwatch, plan: TimingPlan = {}): Promise<Timing> {
  const { warmup = 3, samples = 20, minSampleMs = 2 } = plan;
  if (
    !(Number.isInteger(samples) && samples > 0 && Number.isInteger(warmup) && warmup >= 0 && minSampleMs > 0)
  )
    throw new TimingError(
      `a timing plan needs samples > 0, warmup >= 0 and minSampleMs > 0, not ${JSON.stringify(plan)}`,
    );
  const resolutionMs = clockStep(watch);
  const longEnough = Math.max(minSampleMs, resolutionMs * STEPS_PER_SAMPLE);
  if (warmup > 0) await watch.run(warmup);

  let runsPerSample = 1;
  for (;;) {
    const elapsed = await sample(watch, runsPerSample);
    if (elapsed >= longEnough) break;
    if (runsPerSample === MAX_RUNS_PER_SAMPLE)
      throw new TimingError(
        `${runsPerSample} runs took ${elapsed} ms, which ${watch.clock} (step ${resolutionMs} ms) cannot resolve; ` +
          "time a larger problem",
      );
    const factor = elapsed > 0 ? Math.ceil((longEnough / elapsed) * 1.2) : 8;
    runsPerSample = Math.min(MAX_RUNS_PER_SAMPLE, runsPerSample * Math.max(2, Math.min(factor, 64)));
  }
  const samplesMs: number[] = [];
  for (let i = 0; i < samples; i++) {
    const elapsed = await sample(watch, runsPerSample);
    if (!(elapsed > 0)) throw new TimingError(`${watch.clock} did not advance during ${runsPerSample} runs`);
    samplesMs.push(elapsed / runsPerSample);
  }
  return { samplesMs, runsPerSample, clock: watch.clock, resolutionMs };
}

async function sample(watch: Stopwatch, runs: number): Promise<number> {
  const start = watch.now();
  // A plain call when the work is synchronous: awaiting would add a turn of the event loop to the sample.
  const pending = watch.run(runs);
  if (pending !== undefined) await pending;
  return watch.now() - start;
}

/** The smallest positive difference between two readings of the clock. */
function clockStep(watch: Stopwatch): number {
  let step = Number.POSITIVE_INFINITY;
  let reads = 0;
  for (let changes = 0; changes < 5; ) {
    const before = watch.now();
    let after = watch.now();
    while (after === before) {
      if (++reads > 1e7) throw new TimingError(`${watch.clock} stands still`);
      after = watch.now();
    }
    step = Math.min(step, after - before);
    changes++;
  }
  return step;
}
