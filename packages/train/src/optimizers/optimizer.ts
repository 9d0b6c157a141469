/** What an optimizer is to this package: a rule that changes one tensor, and how much memory it wants for it. */
import { TrainingError } from "../errors.ts";

export interface Optimizer {
  /** Checkpoints are for optimizers of the same name. */
  readonly name: string;
  /** At the start; schedules are factors of it. */
  readonly learningRate: number;
  /** Default of all parameters; groups have their own. */
  readonly weightDecay: number;
  /** What it remembers for each element of each parameter, by name; all zeros at first. */
  readonly slots: readonly string[];
  /** Changes a parameter and its slots in place. Arrays are of the same length. */
  update(
    parameter: Float32Array,
    gradient: Float32Array,
    slots: readonly Float32Array[],
    settings: UpdateSettings,
  ): void;
}

export interface UpdateSettings {
  /** Number of this step, from 1. */
  readonly step: number;
  /** Of this parameter in this step. */
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** @throws TrainingError unless a setting is a number of at least `min`, and less than `below` */
export function checkSetting(name: string, x: number, min: number, below = Number.POSITIVE_INFINITY): void {
  if (x >= min && x < below) return;
  const upper = below === Number.POSITIVE_INFINITY ? " and finite" : ` and less than ${below}`;
  throw new TrainingError(`${name} must be at least ${min}${upper}, not ${x}`);
}
