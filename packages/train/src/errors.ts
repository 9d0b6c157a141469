/** What can go wrong while a model is trained. */
import { BitbudgetError } from "@bitbudget/core";

/** Something about a model, a loss or a setting that training cannot work with. */
export class TrainingError extends BitbudgetError {
  readonly code: string = "TRAINING";
}

/** A node that the loss depends on has no gradient. */
export class NoGradientError extends TrainingError {
  override readonly code = "NO_GRADIENT";
  readonly node: string;
  readonly opType: string;

  constructor(node: string, opType: string, detail: string) {
    super(`node ${JSON.stringify(node)} (${opType}) cannot be trained through: ${detail}`);
    this.node = node;
    this.opType = opType;
  }
}

/** A loss or a gradient that is NaN or infinite. The step was not made: the trainer is as it was before. */
export class NotFiniteError extends TrainingError {
  override readonly code = "NOT_FINITE";
  /** Number of the step, from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** The state before the last step at which loss and gradients were seen to be good; undefined if there was none. */
  readonly checkpoint: Uint8Array | undefined;
  /** Steps that had been made in that state. */
  readonly checkpointStep: number | undefined;

  constructor(
    what: string,
    step: number,
    learningRate: number,
    good: { readonly checkpoint: Uint8Array; readonly step: number } | undefined,
  ) {
    const next =
      good === undefined
        ? "no step before it was good: look for NaN in the data and the weights"
        : `the checkpoint of this error is from step ${good.step}`;
    super(
      `${what} of step ${step} is not finite, at a learning rate of ${learningRate}; ${next}. ` +
        "A smaller learning rate, a warm-up, or clipping of gradients may help",
    );
    this.step = step;
    this.learningRate = learningRate;
    this.checkpoint = good?.checkpoint;
    this.checkpointStep = good?.step;
  }
}

/** Bytes that are no checkpoint, or one of another model or optimizer. */
export class CheckpointError extends TrainingError {
  override readonly code = "CHECKPOINT";

  constructor(detail: string) {
    super(`the checkpoint cannot be used: ${detail}`);
  }
}
