/** Schedules: the learning rate of each step, as a factor of the optimizer's. Functions of the step, so that they resume. */
import { TrainingError } from "./errors.ts";

/** @param step from 0: the number of steps that were made before */
export type Schedule = (step: number) => number;

export interface Warmup {
  /** Steps in which the factor grows in a line: step i of n has (i + 1) / n of it. Default 0. */
  readonly warmup?: number;
}

export interface DecayOptions extends Warmup {
  /** Length of the whole schedule; afterwards the factor stays what it was at its end. */
  readonly steps: number;
  /** Factor at the end. Default 0. */
  readonly end?: number;
}

export interface StepDecayOptions extends Warmup {
  /** Steps at which the factor falls, ascending. */
  readonly at: readonly number[];
  /** What it is multiplied with there. Default 0.1. */
  readonly factor?: number;
}

/** Always 1. */
export function constant({ warmup = 0 }: Warmup = {}): Schedule {
  return warmedUp(warmup, () => 1);
}

/** Half a period of a cosine, from 1 to `end` (Loshchilov and Hutter 2017, equation 5, without restarts). */
export function cosine({ steps, warmup = 0, end = 0 }: DecayOptions): Schedule {
  return decay({ steps, warmup, end }, (t) => (1 + Math.cos(Math.PI * t)) / 2);
}

/** A line from 1 to `end`. */
export function linear({ steps, warmup = 0, end = 0 }: DecayOptions): Schedule {
  return decay({ steps, warmup, end }, (t) => 1 - t);
}

/** Falls by a factor at given steps. */
export function stepDecay({ at, factor = 0.1, warmup = 0 }: StepDecayOptions): Schedule {
  for (const [i, step] of at.entries())
    if (!(Number.isInteger(step) && step > (at[i - 1] ?? -1)))
      throw new TrainingError(`the steps of a schedule must be ascending integers, not [${at.join(", ")}]`);
  if (!(factor >= 0 && Number.isFinite(factor)))
    throw new TrainingError(`the factor of a schedule must be at least 0, not ${factor}`);
  return warmedUp(warmup, (step) => factor ** at.filter((each) => each <= step).length);
}

/** @param shape from 1 at 0 to 0 at 1 */
function decay({ steps, warmup, end }: Required<DecayOptions>, shape: (t: number) => number): Schedule {
  checkSteps("steps", steps, 1);
  if (!(end >= 0 && end <= 1)) throw new TrainingError(`the end of a schedule must be 0 to 1, not ${end}`);
  if (warmup >= steps)
    throw new TrainingError(`a schedule of ${steps} steps has no room for ${warmup} steps of warm-up`);
  return warmedUp(warmup, (step) => {
    const t = Math.min(1, (step - warmup) / (steps - warmup));
    return end + (1 - end) * shape(t);
  });
}

function warmedUp(warmup: number, after: Schedule): Schedule {
  checkSteps("warmup", warmup, 0);
  return (step) => (step < warmup ? (step + 1) / warmup : after(step));
}

function checkSteps(name: string, x: number, min: number): void {
  if (!(Number.isSafeInteger(x) && x >= min))
    throw new TrainingError(`${name} of a schedule must be an integer of at least ${min}, not ${x}`);
}
