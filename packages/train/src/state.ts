/** Everything that training changes: what a checkpoint holds. All else follows from the options and the data. */
import type { HostTensor } from "@bitbudget/core";
import type { Optimizer } from "./optimizers/index.ts";
import { Variables, type VariableType } from "./variables.ts";

export interface StateTypes {
  /** Name of the optimizer. */
  readonly optimizer: string;
  /** What the optimizer remembers for each element of each parameter. */
  readonly slots: readonly string[];
  readonly parameters: readonly VariableType[];
  /** What changes without a gradient. */
  readonly states: readonly VariableType[];
}

export class TrainingState {
  readonly types: StateTypes;
  readonly parameters: Variables;
  readonly states: Variables;
  /** In the order of the types' slots, each laid out as the parameters are. */
  readonly slots: readonly Variables[];
  /** Steps that were made. */
  step = 0;
  /** Epochs that were finished. */
  epoch = 0;
  /** Steps of the present epoch that were made. */
  batch = 0;
  /** Mean of the losses, in which older ones fade; NaN before the first step. */
  smoothedLoss = Number.NaN;

  /** All zeros. */
  constructor(types: StateTypes) {
    this.types = types;
    this.parameters = new Variables(types.parameters);
    this.states = new Variables(types.states);
    this.slots = types.slots.map(() => new Variables(types.parameters));
  }

  /** The start of training. */
  static of(
    { name, slots }: Optimizer,
    parameters: ReadonlyMap<string, HostTensor<"float32">>,
    states: ReadonlyMap<string, HostTensor<"float32">>,
  ): TrainingState {
    const types = (tensors: typeof parameters) =>
      Array.from(tensors, ([name, { shape }]) => ({ name, shape }));
    const made = new TrainingState({
      optimizer: name,
      slots,
      parameters: types(parameters),
      states: types(states),
    });
    for (const [each, { data }] of parameters) made.parameters.get(each).set(data);
    for (const [each, { data }] of states) made.states.get(each).set(data);
    return made;
  }

  /** The arrays of numbers, always in the same order. */
  get arrays(): readonly Float32Array[] {
    return [this.parameters, ...this.slots, this.states].map(({ data }) => data);
  }

  /** Takes over everything from a state of the same types. */
  copyFrom(other: TrainingState): void {
    for (const [i, array] of this.arrays.entries()) array.set(other.arrays[i]!);
    this.step = other.step;
    this.epoch = other.epoch;
    this.batch = other.batch;
    this.smoothedLoss = other.smoothedLoss;
  }

  /** Counts a step. */
  advance(loss: number): void {
    this.step++;
    this.batch++;
    const weight = Math.max(1 / this.step, FADE);
    this.smoothedLoss = this.step === 1 ? loss : this.smoothedLoss + weight * (loss - this.smoothedLoss);
  }
}

/** Weight of the newest loss in the smoothed one, once there are more than 1 / FADE of them. */
const FADE = 0.02;
