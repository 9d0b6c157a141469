/** What can be wrong with a quantization, as data: each error names the layer, the node or the target. */
import { BitbudgetError } from "@bitbudget/core";

/** Options or data that make no sense together. */
export class QuantizeError extends BitbudgetError {
  readonly code: string = "QUANTIZE";
}

/** An assignment that a layer cannot have. */
export class AssignmentError extends QuantizeError {
  override readonly code = "ASSIGNMENT";
  readonly layer: string;
  constructor(layer: string, detail: string) {
    super(`layer ${JSON.stringify(layer)}: ${detail}`);
    this.layer = layer;
  }
}

/** Something that a target cannot run, or computes wrongly. */
export class TargetError extends QuantizeError {
  override readonly code = "TARGET";
  readonly target: string;
  /** The node that the target stumbles over, where one is known. */
  readonly node: string | undefined;
  constructor(target: string, node: string | undefined, detail: string) {
    super(`target ${target}${node === undefined ? "" : `, node ${JSON.stringify(node)}`}: ${detail}`);
    this.target = target;
    this.node = node;
  }
}
