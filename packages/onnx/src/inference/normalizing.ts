/** Normalizations with more than one output, and losses. The others only have the shape of their input. */
import type { Rule, Rules } from "./op.ts";
import { tensor } from "./value.ts";

/** Statistics of the channels: outputs in training mode (since version 14), and before version 9. */
const batchNormalization: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const channels = op.shape(3) ?? [shape?.[1]];
  const statistics = tensor(op.dtype(3) ?? dtype, channels);
  return [tensor(dtype, shape), statistics, statistics, statistics, statistics];
};

/** Mean and inverse deviation have size 1 along the normalized axes, and float32 unless `stash_type` says otherwise. */
export const layerNormalization: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const stash = op.dtypeAttribute("stash_type", "float32");
  if (shape === undefined) return [tensor(dtype, undefined)];
  const axis = op.axis(op.int("axis", -1), shape.length);
  const statistics = tensor(
    stash,
    shape.map((dim, i) => (i < axis ? dim : 1)),
  );
  return [tensor(dtype, shape), statistics, statistics];
};

/** Class scores [N, C, ...] against labels [N, ...]. */
const loss: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const each = op.string("reduction", "mean") === "none";
  const perLabel = op.shape(1) ?? shape?.filter((_, axis) => axis !== 1);
  return [tensor(dtype, each ? perLabel : []), tensor(dtype, shape)];
};

export const normalizingRules: Rules = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: (op) => layerNormalization(op).slice(0, 1),
  NegativeLogLikelihoodLoss: (op) => loss(op).slice(0, 1),
  SoftmaxCrossEntropyLoss: loss,
};
