/** Operators that a training graph holds in another form than a model: composites, and those that behave differently. */
import type { NodeProto } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Ops } from "../graph/ops.ts";

/** Statistics of the batch, which update the running ones; or the running ones, which stay as they are. */
export type StatisticsMode = "batch" | "frozen";

export interface Forward {
  /** Where nodes are emitted. What they are has gradients of its own, unless it is made within `ops.custom`. */
  readonly ops: Ops;
  readonly node: NodeProto;
  readonly inputs: readonly (Value | undefined)[];
  /** Types of the outputs, as inferred; named as in the model, for those that need more than the input tells. */
  readonly outputs: readonly (Value | undefined)[];
  /** Inputs that must be there. */
  input(i: number): Value;
  /** Elements of a small input that is constant or follows from shapes. */
  content(i: number): readonly number[] | undefined;
  /** Which statistics the node normalizes with, if it is a normalization that has running ones. */
  readonly statistics: StatisticsMode;
  /** Name of an input that is a state, whose new contents are for `ops.updates`; undefined for any other input. */
  state(i: number): string | undefined;
  /** Whether the node is the only one to use an input, and callers do not see it. */
  isSole(i: number): boolean;
  /** Fails with the node's name. */
  fail(detail: string): never;
}

/** Emits what the node computes; one value for each output, in order. Those that nobody asked for may be undefined. */
export type TrainingOperator = (forward: Forward) => readonly (Value | undefined)[];

/** By operator; those of other domains with their domain, as in `com.microsoft.Gelu`. */
export type OperatorTable = Readonly<Record<string, TrainingOperator>>;

/** Takes the node as it is. */
export function adopted({ ops, node, inputs, outputs }: Forward): readonly (Value | undefined)[] {
  ops.adopt(
    node,
    inputs,
    outputs.filter((output) => output !== undefined),
  );
  return outputs;
}
