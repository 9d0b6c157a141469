/** Losses of classification: negative log likelihood, and softmax with cross entropy. */
import { elementCount, type HostTensor, type TensorType, valuesOf } from "@bitbudget/core";
import { findAttribute, getInt, getString } from "@bitbudget/onnx";
import { castNumbers } from "../host/arithmetic.ts";
import { type LossReduction, negativeLogLikelihood } from "../host/losses.ts";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import type { OperatorTable } from "./index.ts";

const reductions: readonly LossReduction[] = ["none", "sum", "mean"];

/** @param x log probabilities; classes are axis 1 */
function loss(context: Lowering, x: Value): readonly Value[] {
  const { node } = context;
  const { dtype, shape } = x.type;
  const target = context.input(1);
  const [batch = 0, classes = 0, ...rest] = shape;
  const name = getString(node, "reduction", "mean");
  const reduction = reductions.find((each) => each === name) ?? context.fail(`has no reduction ${name}`);
  const ignored =
    findAttribute(node, "ignore_index") === undefined ? undefined : getInt(node, "ignore_index");
  if (target.type.shape.join() !== [batch, ...rest].join())
    context.fail(`has targets [${target.type.shape.join(", ")}] for [${shape.join(", ")}]`);
  const type: TensorType = { dtype, shape: reduction === "none" ? target.type.shape : [] };
  const inputs = context.has(2) ? [x, target, context.input(2)] : [x, target];
  return context.host([type], inputs, ([data, labels, weights]) => {
    const list = valuesOf(labels!);
    const wrong = list.find((label) => label !== ignored && !(label >= 0 && label < classes));
    if (wrong !== undefined) context.fail(`has target ${wrong} for ${classes} classes`);
    const values = negativeLogLikelihood(
      valuesOf(data!),
      [batch, classes, elementCount(rest)],
      list,
      weights === undefined ? undefined : valuesOf<HostTensor["dtype"]>(weights),
      { reduction, ignored },
    );
    return [castNumbers(dtype, type.shape, values)];
  });
}

const softmaxCrossEntropyLoss: Operator = (context) => {
  const scores = context.input(0);
  const attributes = { axis: 1, log: true };
  const logProbabilities = context.kernel({ op: "softmax", inputs: [scores.type], attributes }, [scores]);
  return [...loss(context, logProbabilities), logProbabilities];
};

export const losses: OperatorTable = {
  NegativeLogLikelihoodLoss: (context) => loss(context, context.input(0)),
  SoftmaxCrossEntropyLoss: softmaxCrossEntropyLoss,
};
