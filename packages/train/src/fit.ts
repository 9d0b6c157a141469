/** Epochs of steps. */
import { sampleCount } from "./batch.ts";
import { type Batches, batchesOf } from "./batches.ts";
import { TrainingError } from "./errors.ts";
import { macrotask } from "./macrotask.ts";
import { formatProgress, type Progress } from "./progress.ts";
import type { TrainingState } from "./state.ts";
import type { StepReport, Trainer } from "./trainer.ts";

export interface FitOptions {
  /** How many epochs, or steps, are made in all, those before a checkpoint included. One of them is needed. */
  readonly epochs?: number;
  readonly steps?: number;
  /** Every so many steps the report has a checkpoint. Default: never. */
  readonly checkpointEvery?: number;
  /** Ends training between two steps, with the signal's reason as the error. */
  readonly signal?: AbortSignal;
  /** Milliseconds from anywhere. Default: performance.now. */
  readonly now?: () => number;
}

export interface FitReport extends StepReport, Progress {
  readonly checkpoint: Uint8Array | undefined;
  /** The progress as a line of text. */
  toString(): string;
}

/** Others wait for their turn no longer than this and one step. */
const TURN_MS = 50;

interface Fitted {
  readonly trainer: Pick<Trainer, "step" | "checkpoint">;
  readonly state: TrainingState;
}

/** @throws TrainingError without a number of epochs or steps, or without batches */
export async function* fit(
  { trainer, state }: Fitted,
  batches: Batches,
  { epochs, steps, checkpointEvery, signal, now = () => performance.now() }: FitOptions,
): AsyncGenerator<FitReport, void, void> {
  if (epochs === undefined && steps === undefined)
    throw new TrainingError("fit needs to know for how many epochs or steps");
  const perEpoch = "epoch" in batches ? batches.length : undefined;
  const done = () =>
    (epochs !== undefined && state.epoch >= epochs) || (steps !== undefined && state.step >= steps);
  const clock = new Clock(now);
  let turn = performance.now();
  while (!done()) {
    const { epoch, batch: from } = state;
    let made = 0;
    for await (const batch of batchesOf(batches, epoch, from)) {
      if (performance.now() > turn + TURN_MS) {
        await macrotask();
        turn = performance.now();
      }
      signal?.throwIfAborted();
      const report = await trainer.step(batch);
      made++;
      clock.tick(sampleCount(batch));
      const left = stepsLeft(state, { epochs, steps, perEpoch });
      const progress: Progress = {
        epoch: epoch + 1,
        epochs,
        step: state.step,
        steps: left === undefined ? undefined : state.step + left,
        loss: report.loss,
        smoothedLoss: state.smoothedLoss,
        learningRate: report.learningRate,
        samplesPerSecond: clock.samplesPerSecond,
        secondsLeft: left === undefined ? undefined : left * clock.secondsPerStep,
      };
      yield {
        ...report,
        ...progress,
        checkpoint:
          checkpointEvery !== undefined && state.step % checkpointEvery === 0
            ? trainer.checkpoint()
            : undefined,
        toString: () => formatProgress(progress),
      };
      if (done()) return;
    }
    if (made === 0 && from === 0)
      throw new TrainingError(
        `epoch ${epoch + 1} has no batches; give something that can be iterated once for each epoch`,
      );
    state.epoch++;
    state.batch = 0;
  }
}

function stepsLeft(
  { step, epoch, batch }: TrainingState,
  { epochs, steps, perEpoch }: Readonly<Record<"epochs" | "steps" | "perEpoch", number | undefined>>,
): number | undefined {
  const bySteps = steps === undefined ? undefined : steps - step;
  const byEpochs =
    epochs === undefined || perEpoch === undefined ? undefined : (epochs - epoch) * perEpoch - batch;
  if (bySteps === undefined || byEpochs === undefined) return bySteps ?? byEpochs;
  return Math.min(bySteps, byEpochs);
}

/** The pace of steps. The first one, which plans, does not count once there are others. */
class Clock {
  readonly #now: () => number;
  #start: number;
  #last: number;
  #steps = 0;
  #samples = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#start = now();
    this.#last = this.#start;
  }

  tick(samples: number): void {
    if (this.#steps === 1) {
      this.#start = this.#last;
      this.#samples = 0;
    }
    this.#last = this.#now();
    this.#steps++;
    this.#samples += samples;
  }

  get samplesPerSecond(): number {
    return (this.#samples * 1000) / (this.#last - this.#start);
  }

  get secondsPerStep(): number {
    return (this.#last - this.#start) / 1000 / Math.max(1, this.#steps - 1);
  }
}
