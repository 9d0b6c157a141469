/** The losses that ONNX has as operators, for models that end in one. */
import { findAttribute, getInt, getString } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Forward, OperatorTable } from "./operator.ts";

/**
 * -weight[label] * log p[label] for each position: their mean over the weights, their sum, or each. Labels that are no
 * classes count nothing.
 * @param logP log probabilities [batch, classes, ...]
 */
function likelihood(forward: Forward, logP: Value): Value {
  const { ops, node, inputs, input, fail } = forward;
  const [batch = 0, classes = 0, ...rest] = logP.shape;
  const target = input(1);
  const reduction = getString(node, "reduction", "mean");
  if (!["none", "sum", "mean"].includes(reduction)) fail(`it has no reduction ${reduction}`);
  const labels = ops.reshape(ops.cast(target, "int32"), [batch, 1, ...rest]);
  const number = (x: number) => ops.scalar(x, logP.dtype);
  const along = (values: Value) => ops.reshape(values, [1, classes, ...rest.map(() => 1)]);
  const isRight = ops.compare("Equal", labels, along(ops.range(classes, [classes])));
  const picked = ops.sum(ops.where(isRight, logP, number(0)), [1]);
  const weights = inputs[2] === undefined ? number(1) : along(inputs[2]);
  const weight = ops.sum(ops.where(isRight, weights, number(0)), [1]);
  const ignored = findAttribute(node, "ignore_index") && getInt(node, "ignore_index");
  const counts =
    ignored === undefined
      ? weight
      : ops.where(ops.compare("Equal", labels, ops.scalar(ignored, "int32")), number(0), weight);
  const losses = ops.neg(ops.reshape(ops.mul(counts, picked), target.shape));
  const total = (x: Value) =>
    ops.reshape(
      ops.sum(
        x,
        x.shape.map((_, axis) => axis),
      ),
      [],
    );
  if (reduction === "none") return losses;
  return reduction === "sum" ? total(losses) : ops.div(total(losses), total(counts));
}

export const losses: OperatorTable = {
  NegativeLogLikelihoodLoss: (forward) => [likelihood(forward, forward.input(0))],
  /** Further output: the log probabilities. */
  SoftmaxCrossEntropyLoss: (forward) => {
    const logP = forward.ops.unary("LogSoftmax", forward.input(0), { axis: 1n });
    return [likelihood(forward, logP), logP];
  },
};
