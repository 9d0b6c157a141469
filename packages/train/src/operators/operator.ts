/** Operators that a training graph holds in another form than a model: composites, and those that behave differently. */
import type { NodeProto } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Ops } from "../graph/ops.ts";

export interface Forward {
  /** Where nodes are emitted. What they are has gradients of its own, unless it is made within `ops.custom`. */
  readonly ops: Ops;
  readonly node: NodeProto;
  readonly inputs: readonly (Value | undefined)[];
  /** Types of the outputs, as inferred; named as in the model, for those that need more than the input tells. */
  readonly outputs: readonly Value[];
  /** Inputs that must be there. */
  input(i: number): Value;
  /** Elements of a small input that is constant or follows from shapes. */
  content(i: number): readonly number[] | undefined;
  /** Fails with the node's name. */
  fail(detail: string): never;
}

/** Emits what the node computes; one value for each output that is asked for, in order. */
export type TrainingOperator = (forward: Forward) => readonly Value[];

/** By operator; those of other domains with their domain, as in `com.microsoft.Gelu`. */
export type OperatorTable = Readonly<Record<string, TrainingOperator>>;
