/** Distillation: a student learns the probabilities of a teacher, softened by a temperature. */
import { makeNode } from "@bitbudget/onnx";
import { TrainingError } from "../errors.ts";
import type { LossFunction } from "../graph/step.ts";
import { axesOf, type ClassOptions, logitsOf, logSoftmax, maskOf, meanFactor } from "./logits.ts";

export interface DistillOptions extends ClassOptions {
  /** Name of the target: the logits of the teacher. Default "teacher". */
  readonly teacher?: string;
  /** Both logits are divided by it. Default 1. */
  readonly temperature?: number;
}

/**
 * T^2 KL(softmax(teacher / T) || softmax(student / T)), the mean over all positions that count (Hinton et al. 2015,
 * section 2: the factor T^2 keeps gradients as large as those of labels whatever the temperature).
 * @throws TrainingError for a temperature that is not positive
 */
export function distill(options: DistillOptions): LossFunction {
  const { teacher = "teacher", temperature = 1 } = options;
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new TrainingError(`temperature must be a positive number, not ${temperature}`);
  return (context) => {
    const { ops } = context;
    const logits = logitsOf(context, options);
    const { z, axis } = logits;
    const given = context.target(teacher, { dtype: z.dtype, shape: z.shape });
    const factor = meanFactor(ops, logits, maskOf(context, options, logits));
    const soft = (x: typeof z) => logSoftmax(ops, ops.scale(x, 1 / temperature), axis);
    const logQ = soft(given);
    const q = ops.unary("Exp", logQ);
    const node = makeNode("Distillation", [z.name], [], { name: `distillation of ${options.logits}` });
    let logP = z;
    const forward = () => {
      logP = soft(z);
      const terms = ops.mul(ops.mul(q, ops.sub(logQ, logP)), factor);
      return [ops.scale(ops.sum(terms, axesOf(z)), temperature ** 2)];
    };
    return ops.custom(node, [z], forward, ({ dy }) => [
      ops.mul(ops.scale(ops.mul(ops.sub(ops.unary("Exp", logP), q), factor), temperature), dy),
    ])[0]!;
  };
}
