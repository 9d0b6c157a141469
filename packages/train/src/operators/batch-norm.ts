/**
 * BatchNormalization (Ioffe and Szegedy 2015): with the statistics of the batch, which become part of the running ones,
 * or with the running ones as they are. Which of the two is a matter of the training step, not of `training_mode`:
 * models for inference are trained as well.
 */
import { getFloat } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import { normalize } from "./normalize.ts";
import type { Forward, TrainingOperator } from "./operator.ts";

/** Inputs: x [batch, channels, ...], then scale, bias, running mean and running variance, each [channels]. */
export const batchNormalization: TrainingOperator = (forward) => {
  const { ops, node, input, statistics } = forward;
  const given = input(0);
  // A vector is a batch of one channel.
  const x = given.shape.length === 1 ? ops.reshape(given, [...given.shape, 1]) : given;
  const along = (i: number) => ops.reshape(input(i), [input(i).shape[0] ?? 1, ...x.shape.slice(2).fill(1)]);
  const epsilon = getFloat(node, "epsilon", 1e-5);
  if (statistics === "frozen") {
    const [scale, bias, mean, variance] = [along(1), along(2), along(3), along(4)];
    // One product and one sum for each element.
    const factor = ops.div(scale, ops.unary("Sqrt", ops.shift(variance, epsilon)));
    const y = ops.add(ops.mul(x, factor), ops.sub(bias, ops.mul(mean, factor)));
    return [ops.reshape(y, given.shape), input(3), input(4)];
  }
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const { y, mean, variance } = normalize(forward, x, { axes, epsilon, scale: along(1), bias: along(2) });
  return [ops.reshape(y, given.shape), updated(forward, 3, mean!), updated(forward, 4, variance!)];
};

/** momentum * running + (1 - momentum) * of the batch, which for the variance is that of the population. */
function updated({ ops, node, input, state, fail, outputs }: Forward, i: number, current: Value): Value {
  const momentum = getFloat(node, "momentum", 0.9);
  const name = state(i);
  if (name === undefined && outputs.length === 1)
    fail(
      "its running statistics are computed, so they cannot be updated; freeze them or make them initializers",
    );
  // A normalization that a model uses twice updates what its first use left.
  const before = (name === undefined ? undefined : ops.updates.get(name)) ?? input(i);
  const part = ops.scale(ops.reshape(current, before.shape), 1 - momentum);
  const after = ops.add(ops.scale(before, momentum), part);
  if (name !== undefined) ops.updates.set(name, after);
  return after;
}
