/** The normalizations without running statistics. */
import { elementCount, normalizeAxis } from "@bitbudget/core";
import { getFloat, getInt, getInts } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import { normalize } from "./normalize.ts";
import type { Forward, OperatorTable, TrainingOperator } from "./operator.ts";

const epsilonOf = ({ node }: Forward, fallback = 1e-5) => getFloat(node, "epsilon", fallback);

/** Axes from one on to the last. */
function axesFrom(axis: number, { shape }: Value): number[] {
  const first = normalizeAxis(axis, shape.length);
  return shape.flatMap((_, i) => (i >= first ? [i] : []));
}

/** Statistics in the format that the output has in the model. */
function saved({ ops, outputs }: Forward, i: number, statistic: Value | undefined): Value | undefined {
  return outputs[i] && statistic && ops.cast(statistic, outputs[i].dtype);
}

/** Inputs: x, scale and bias in the shape of the last axes. Further outputs: the mean, and 1 over the deviation. */
const layerNormalization: TrainingOperator = (forward) => {
  const { node, inputs, input } = forward;
  const x = input(0);
  const axes = axesFrom(getInt(node, "axis", -1), x);
  const options = { axes, epsilon: epsilonOf(forward), scale: input(1), bias: inputs[2] };
  const { y, mean, inverse } = normalize(forward, x, options);
  return [y, saved(forward, 1, mean), saved(forward, 2, inverse)];
};

const rmsNormalization: TrainingOperator = (forward) => {
  const { node, input } = forward;
  const x = input(0);
  const axes = axesFrom(getInt(node, "axis", -1), x);
  const { y, inverse } = normalize(forward, x, {
    axes,
    ...{ epsilon: epsilonOf(forward), scale: input(1), rms: true },
  });
  return [y, saved(forward, 1, inverse)];
};

/** Inputs: x, skip, scale, then the bias of the normalization (rms: none) and a bias of the sum. */
function skipNormalization(rms: boolean): TrainingOperator {
  return (forward) => {
    const { ops, inputs, input } = forward;
    const sumBias = inputs[rms ? 3 : 4];
    const skipped = ops.add(input(0), input(1));
    const sum = sumBias === undefined ? skipped : ops.add(skipped, sumBias);
    const bias = rms ? undefined : inputs[3];
    const options = {
      axes: axesFrom(-1, sum),
      epsilon: epsilonOf(forward, 1e-12),
      rms,
      scale: input(2),
      bias,
    };
    const { y, mean, inverse } = normalize(forward, sum, options);
    return [y, saved(forward, 1, mean), saved(forward, 2, inverse), sum];
  };
}

/** Inputs: ids of words and segments, tables of words, positions and segments, scale, bias, mask, ids of positions. */
const embedLayerNormalization: TrainingOperator = (forward) => {
  const { ops, inputs, outputs, input, fail } = forward;
  if (inputs[7] !== undefined && outputs[1] !== undefined) fail("it counts the words of a mask");
  const ids = input(0);
  const places =
    inputs[8] === undefined
      ? ops.sliceAxis(input(3), 0, 0, ids.shape[1] ?? 0)
      : ops.rows(input(3), inputs[8]);
  const placed = ops.add(ops.rows(input(2), ids), places);
  const sum = inputs[1] && inputs[4] ? ops.add(placed, ops.rows(inputs[4], inputs[1])) : placed;
  const options = { axes: [2], epsilon: epsilonOf(forward, 1e-12), scale: input(5), bias: input(6) };
  const counts = outputs[1] && ops.expand(ops.scalar(0, "int32"), outputs[1].shape);
  return [normalize(forward, sum, options).y, counts, sum];
};

/** [channels] along axis 1 of something of `rank` axes. */
function perChannel({ ops }: Forward, x: Value, rank: number): Value {
  return ops.reshape(x, [x.shape[0] ?? 1, ...new Array<number>(rank - 2).fill(1)]);
}

const instanceNormalization: TrainingOperator = (forward) => {
  const { input } = forward;
  const x = input(0);
  const [scale, bias] = [1, 2].map((i) => perChannel(forward, input(i), x.shape.length));
  return [normalize(forward, x, { axes: axesFrom(2, x), epsilon: epsilonOf(forward), scale, bias }).y];
};

/** Channels in groups, [batch, groups, channels of a group, ...]. */
const groupNormalization: TrainingOperator = (forward) => {
  const { ops, node, input, fail } = forward;
  const x = input(0);
  const [batch = 0, channels = 0, ...rest] = x.shape;
  const groups = getInt(node, "num_groups");
  if (groups < 1 || channels % groups !== 0) fail(`it has ${channels} channels in ${groups} groups`);
  const parts = [groups, channels / groups];
  const grouped = ops.reshape(x, [batch, ...parts, ...rest]);
  const [scale, bias] = [1, 2].map((i) => ops.reshape(input(i), [...parts, ...rest.map(() => 1)]));
  const options = { axes: axesFrom(2, grouped), epsilon: epsilonOf(forward), scale, bias };
  return [ops.reshape(normalize(forward, grouped, options).y, x.shape)];
};

/** Adds to the root of the variance, not under it, as the operator's definition does. */
const meanVarianceNormalization: TrainingOperator = ({ ops, node, input }) => {
  const x = input(0);
  const axes = getInts(node, "axes", [0, 2, 3]).map((axis) => normalizeAxis(axis, x.shape.length));
  const centered = ops.sub(x, ops.mean(x, axes));
  const variance = ops.mean(ops.mul(centered, centered), axes);
  return [ops.div(centered, ops.shift(ops.unary("Sqrt", variance), 1e-9))];
};

/** x over its norm along an axis; zeros where the norm is 0. */
const lpNormalization: TrainingOperator = ({ ops, node, input, fail }) => {
  const x = input(0);
  const axes = [normalizeAxis(getInt(node, "axis", -1), x.shape.length)];
  const p = getInt(node, "p", 2);
  if (p !== 1 && p !== 2) fail(`it has the norm p = ${p}; use 1 or 2`);
  const size = p === 1 ? ops.unary("Abs", x) : ops.mul(x, x);
  const sum = ops.sum(size, axes);
  // Where all is 0 the norm counts as 1, and its root has a derivative.
  const positive = ops.add(sum, ops.shift(ops.neg(ops.unary("Sign", sum)), 1));
  return [ops.div(x, p === 1 ? positive : ops.unary("Sqrt", positive))];
};

/** x / (bias + alpha / size * sum of squares over neighbouring channels) ^ beta (Krizhevsky et al. 2012). */
const lrn: TrainingOperator = ({ ops, node, input }) => {
  const x = input(0);
  const [batch = 0, channels = 0, ...rest] = x.shape;
  const size = getInt(node, "size");
  const before = Math.floor((size - 1) / 2);
  const squares = ops.reshape(ops.mul(x, x), [batch, 1, channels, elementCount(rest)]);
  // The average of a window that counts its padding is the sum over `size`.
  const [means] = ops.emit("AveragePool", [squares], [squares], {
    kernel_shape: [BigInt(size), 1n],
    pads: [BigInt(before), 0n, BigInt(size - 1 - before), 0n],
    count_include_pad: 1n,
  });
  const scaled = ops.scale(ops.reshape(means!, x.shape), getFloat(node, "alpha", 1e-4));
  const base = ops.shift(scaled, getFloat(node, "bias", 1));
  return [ops.div(x, ops.pow(base, ops.scalar(getFloat(node, "beta", 0.75), x.dtype)))];
};

export const norms: OperatorTable = {
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LRN: lrn,
  LayerNormalization: layerNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  RMSNormalization: rmsNormalization,
  SimplifiedLayerNormalization: rmsNormalization,
  "com.microsoft.EmbedLayerNormalization": embedLayerNormalization,
  "com.microsoft.LayerNormalization": layerNormalization,
  "com.microsoft.SimplifiedLayerNormalization": rmsNormalization,
  "com.microsoft.SkipLayerNormalization": skipNormalization(false),
  "com.microsoft.SkipSimplifiedLayerNormalization": skipNormalization(true),
};
