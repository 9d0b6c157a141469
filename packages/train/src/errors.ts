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
