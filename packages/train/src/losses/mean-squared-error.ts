/** Mean squared error. */
import { elementCount } from "@bitbudget/core";
import { makeNode } from "@bitbudget/onnx";
import type { LossFunction } from "../graph/step.ts";
import { axesOf } from "./logits.ts";

export interface MeanSquaredErrorOptions {
  /** Name of a value of the model. */
  readonly output: string;
  /** Name of the target, of the same type. Default "target". */
  readonly target?: string;
}

/** The mean of (output - target)^2 over all elements. */
export function meanSquaredError({ output, target = "target" }: MeanSquaredErrorOptions): LossFunction {
  return ({ ops, value, target: feed }) => {
    const y = value(output);
    const expected = feed(target, { dtype: y.dtype, shape: y.shape });
    const count = Math.max(1, elementCount(y.shape));
    const node = makeNode("MeanSquaredError", [y.name], [], { name: `squared error of ${output}` });
    let difference = y;
    const forward = () => {
      difference = ops.sub(y, expected);
      return [ops.scale(ops.sum(ops.mul(difference, difference), axesOf(y)), 1 / count)];
    };
    return ops.custom(node, [y], forward, ({ dy }) => [ops.mul(ops.scale(difference, 2 / count), dy)])[0]!;
  };
}
