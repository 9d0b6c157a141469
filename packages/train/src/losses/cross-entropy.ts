/** Cross-entropy of softmax: -sum q log p, with labels or with probabilities. */
import { makeNode } from "@bitbudget/onnx";
import { TrainingError } from "../errors.ts";
import type { Value } from "../graph/builder.ts";
import type { LossContext, LossFunction } from "../graph/step.ts";
import {
  axesOf,
  type ClassOptions,
  type Logits,
  logitsOf,
  logSoftmax,
  maskOf,
  meanFactor,
} from "./logits.ts";

export interface CrossEntropyOptions extends ClassOptions {
  /** Name of the target of labels: integers, the shape of the logits without the classes. Default "labels". */
  readonly labels?: string;
  /** Name of a target of probabilities, the shape of the logits, instead of labels. */
  readonly probabilities?: string;
  /** A label that does not count: padding of sequences. */
  readonly ignore?: number;
  /** Probability that is taken from the target and given to all classes alike (Szegedy et al. 2016, section 7). Default 0. */
  readonly smoothing?: number;
}

/**
 * Cross-entropy between softmax of the logits and the targets, in nats, the mean over all positions that count.
 * Its gradient is softmax - target, without a division that could overflow.
 * @throws TrainingError for a smoothing outside of 0 to 1, or labels and probabilities at once
 */
export function crossEntropy(options: CrossEntropyOptions): LossFunction {
  const { smoothing = 0 } = options;
  if (!(smoothing >= 0 && smoothing < 1))
    throw new TrainingError(`smoothing must be at least 0 and less than 1, not ${smoothing}`);
  if (options.labels !== undefined && options.probabilities !== undefined)
    throw new TrainingError("cross-entropy has labels or probabilities, not both");
  if (options.ignore !== undefined && options.probabilities !== undefined)
    throw new TrainingError("only labels can be ignored; give probabilities a mask");
  return (context) => {
    const { ops } = context;
    const logits = logitsOf(context, options);
    const { z, axis } = logits;
    const { expected, weights } = targets(context, options, logits);
    const factor = meanFactor(ops, logits, weights);
    const node = makeNode("CrossEntropy", [z.name], [], { name: `cross-entropy of ${options.logits}` });
    let logP = z;
    const forward = () => {
      logP = logSoftmax(ops, z, axis);
      return [ops.neg(ops.sum(ops.mul(ops.mul(expected, logP), factor), axesOf(z)))];
    };
    return ops.custom(node, [z], forward, ({ dy }) => [
      ops.mul(ops.mul(ops.sub(ops.unary("Exp", logP), expected), factor), dy),
    ])[0]!;
  };
}

/** The probability that each class should have, and how much each position counts. */
function targets(
  context: LossContext,
  options: CrossEntropyOptions,
  logits: Logits,
): { expected: Value; weights: Value | undefined } {
  const { ops, target } = context;
  const { z, axis, classes, positions, kept } = logits;
  const { smoothing = 0, ignore } = options;
  const mask = maskOf(context, options, logits);
  if (options.probabilities !== undefined) {
    const given = target(options.probabilities, { dtype: z.dtype, shape: z.shape });
    return { expected: ops.shift(ops.scale(given, 1 - smoothing), smoothing / classes), weights: mask };
  }
  const type = { dtype: "int32", shape: positions } as const;
  const labels = ops.reshape(target(options.labels ?? "labels", type, { classes, ignore }), kept);
  const number = (x: number) => ops.scalar(x, z.dtype);
  const each = ops.range(
    classes,
    z.shape.map((size, i) => (i === axis ? size : 1)),
  );
  const off = smoothing / classes;
  const expected = ops.where(ops.compare("Equal", labels, each), number(1 - smoothing + off), number(off));
  if (ignore === undefined) return { expected, weights: mask };
  const counts = ops.where(
    ops.compare("Equal", labels, ops.scalar(ignore, "int32")),
    number(0),
    mask ?? number(1),
  );
  return { expected, weights: counts };
}
