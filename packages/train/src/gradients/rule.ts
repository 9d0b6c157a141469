/** What a gradient is to this package: a function that writes the backward nodes of one forward node. */
import type { NodeProto } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Ops } from "../graph/ops.ts";

/** The forward node, and the gradients of the loss with respect to its outputs. */
export interface Backward {
  /** Where backward nodes are emitted. */
  readonly ops: Ops;
  readonly node: NodeProto;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  /** One for each output; undefined where the loss does not depend on it. */
  readonly gradients: readonly (Value | undefined)[];
  /** Inputs that must be there. */
  input(i: number): Value;
  /** The gradient of the first output, for nodes with just one that counts. */
  readonly dy: Value;
  /** Elements of a small input that is constant. @throws NoGradientError that calls it `what` where it is computed */
  content(i: number, what: string): readonly number[];
  /** Whether anybody needs the gradient of an input; rules may save work where not. */
  needs(i: number): boolean;
  /** Fails with the node's name. */
  fail(detail: string): never;
}

/** One gradient for each input, of the input's shape; undefined where it is zero or has no meaning (indices, shapes). */
export type GradientRule = (backward: Backward) => readonly (Value | undefined)[];

/** Rules by operator; those of other domains with their domain, as in `com.microsoft.Gelu`. */
export type GradientTable = Readonly<Record<string, GradientRule>>;
