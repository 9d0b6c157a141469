/** The graph of a training step: a model, its loss, and the gradient of the loss by every parameter. */
import type { TensorType } from "@bitbudget/core";
import type { ModelProto } from "@bitbudget/onnx";
import { differentiate } from "../differentiate.ts";
import { TrainingError } from "../errors.ts";
import type { DropoutMask } from "../operators/dropout.ts";
import type { Value } from "./builder.ts";
import { forwardGraph, type Statistics } from "./forward.ts";
import type { Ops } from "./ops.ts";

/** Where a loss is written. */
export interface LossContext {
  readonly ops: Ops;
  /** A value of the model: an output, or anything between. @throws TrainingError for a name that it does not have */
  value(name: string): Value;
  /**
   * Something to feed in every step besides the inputs of the model: labels, the outputs of a teacher.
   * @param labels what its elements may be, where they are classes; checked before each step
   * @throws TrainingError for a name that the model has
   */
  target(name: string, type: TensorType, labels?: Labels): Value;
}

/** Elements of a target that name classes: 0 to classes - 1. */
export interface Labels {
  readonly classes: number;
  /** One more that is allowed: of positions that do not count. */
  readonly ignore?: number | undefined;
}

/** What a loss compares with. */
export interface Target extends Value {
  readonly labels?: Labels | undefined;
}

/** Emits a loss. @returns a value of one element */
export type LossFunction = (context: LossContext) => Value;

export interface StepOptions {
  /** Concrete shapes of the model's inputs. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Initializers to differentiate by, which are fed in every step; or values that the model computes. */
  readonly parameters: readonly string[];
  /** Initializers that change without a gradient; the running statistics of normalizations need not be named. */
  readonly states?: readonly string[];
  /**
   * What batch normalizations normalize with, all or each by the name of its node: "batch" (the default), which updates
   * their running statistics, or "frozen".
   */
  readonly statistics?: Statistics;
  readonly loss: LossFunction;
  /** Values of the model that each step returns besides. */
  readonly outputs?: readonly string[];
}

export interface StepGraph {
  /** Its inputs are those of the model, the targets, the parameters, the states and the masks. */
  readonly model: ModelProto;
  readonly targets: readonly Target[];
  /** What `dropoutMask` draws for every step, for Dropout nodes in training mode. */
  readonly masks: readonly DropoutMask[];
  /** Name of the output that is the loss. */
  readonly loss: string;
  /** Names of outputs: the gradient by each parameter that the loss depends on. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Names of outputs: the new contents of each state. */
  readonly updates: ReadonlyMap<string, string>;
  /** Names of outputs: the values that were asked for. */
  readonly outputs: ReadonlyMap<string, string>;
}

/**
 * @param model of opset 7 or newer
 * @throws OpsetError for a model that is older, or has an operator that cannot be taken to opset 21
 * @throws NoGradientError that names the node through which the loss depends on a parameter and which has no gradient
 */
export function stepGraph(model: ModelProto, options: StepOptions): StepGraph {
  const { parameters } = options;
  const { ops, value } = forwardGraph(model, options);
  const targets: Target[] = [];
  const target = (name: string, type: TensorType, labels?: Labels) => {
    const known = targets.find((each) => each.name === name);
    if (known !== undefined) return sameType(known, type);
    if (ops.isTaken(name))
      throw new TrainingError(
        `the model has a value ${JSON.stringify(name)}: give the target of the loss another name`,
      );
    const made = ops.input(name, type);
    targets.push({ ...made, labels });
    return made;
  };
  const loss = ops.within("loss", () => options.loss({ ops, value, target }));
  if (loss.shape.some((size) => size !== 1))
    throw new TrainingError(`a loss has one element, not the shape [${loss.shape}]; take its mean`);
  const wrt = parameters.map(value);
  const gradients = differentiate(ops, loss, wrt);
  const outputs = (options.outputs ?? []).map((name) => [name, value(name)] as const);
  for (const each of [
    loss,
    ...gradients.values(),
    ...ops.updates.values(),
    ...outputs.map(([, made]) => made),
  ])
    ops.output(each);
  const names = (values: Iterable<readonly [string, Value]>) =>
    new Map(Array.from(values, ([name, each]) => [name, each.name]));
  return {
    model: ops.build("training step"),
    targets,
    masks: ops.masks,
    loss: loss.name,
    gradients: names(gradients),
    updates: names(ops.updates),
    outputs: names(outputs),
  };
}

/** Two losses may read one target, as the same type. */
function sameType(known: Value, { dtype, shape }: TensorType): Value {
  if (known.dtype === dtype && known.shape.join() === shape.join()) return known;
  throw new TrainingError(
    `target ${JSON.stringify(known.name)} cannot be ${known.dtype} [${known.shape}] for one loss and ${dtype} [${shape}] for another`,
  );
}
