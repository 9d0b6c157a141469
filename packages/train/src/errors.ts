/** What can go wrong while a model is trained. */
import { BitbudgetError } from "@bitbudget/core";

/** A node that the loss depends on has no gradient. */
export class NoGradientError extends BitbudgetError {
  readonly code = "NO_GRADIENT";
  readonly node: string;
  readonly opType: string;

  constructor(node: string, opType: string, detail: string) {
    super(`node ${JSON.stringify(node)} (${opType}) cannot be trained through: ${detail}`);
    this.node = node;
    this.opType = opType;
  }
}
