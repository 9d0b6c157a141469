/** The normalizations of ONNX. */
import { dtypeFromOnnx, elementCount, tensor, valuesOf } from "@bitbudget/core";
import { getFloat, getInt, getInts } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { axesOf, axisOf } from "./axes.ts";
import { batchNormalization } from "./batch-norm.ts";
import { along, binary, binaryNumber, number, reduce, unary, where } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { moments, normalize, savedStatistics, scaleAndShift } from "./norms.ts";

/** Whether an output is named. */
function wants(context: Lowering, output: number): boolean {
  return (context.node.output[output] ?? "") !== "";
}

const layerNormalization: Operator = (context) => {
  const x = context.input(0);
  const axis = axisOf(context, getInt(context.node, "axis", -1), x.type.shape.length);
  const epsilon = getFloat(context.node, "epsilon", 1e-5);
  const y = normalize(context, x, { axis, epsilon, scale: context.input(1), bias: context.inputs[2] });
  if (!wants(context, 1) && !wants(context, 2)) return [y];
  const stash = dtypeFromOnnx(getInt(context.node, "stash_type", 1)) ?? "float32";
  const { mean, inverse } = savedStatistics(context, x, { axis, epsilon }, stash);
  return [y, mean, inverse];
};

/** RMSNormalization, and SimplifiedLayerNormalization, which can save 1 over the root of the mean square. */
export const rmsNormalization: Operator = (context) => {
  const x = context.input(0);
  const axis = axisOf(context, getInt(context.node, "axis", -1), x.type.shape.length);
  const epsilon = getFloat(context.node, "epsilon", 1e-5);
  const y = normalize(context, x, { axis, epsilon, rms: true, scale: context.input(1) });
  if (!wants(context, 1)) return [y];
  return [y, savedStatistics(context, x, { axis, epsilon, rms: true }, "float32").inverse];
};

const instanceNormalization: Operator = (context) => {
  const x = context.input(0);
  const { shape } = x.type;
  const [batch = 0, channels = 0] = shape;
  const y = inGroups(context, x, batch, channels, getFloat(context.node, "epsilon", 1e-5));
  const each = (index: number) => along(context, context.input(index), 1, shape.length);
  return [scaleAndShift(context, y, each(1), each(2))];
};

/** Scale and bias are one for each group before opset 21, one for each channel from then on. */
const groupNormalization: Operator = (context) => {
  const x = context.input(0);
  const { shape } = x.type;
  const [batch = 0, channels = 0] = shape;
  const groups = getInt(context.node, "num_groups");
  if (groups < 1 || channels % groups !== 0) context.fail(`has ${channels} channels in ${groups} groups`);
  const y = inGroups(context, x, batch, groups, getFloat(context.node, "epsilon", 1e-5));
  const [scale, bias] = [context.input(1), context.input(2)];
  if (context.opset >= 21) {
    const rank = shape.length;
    return [scaleAndShift(context, y, along(context, scale, 1, rank), along(context, bias, 1, rank))];
  }
  const grouped = context.reshape(y, [batch, groups, elementCount(shape) / (batch * groups)]);
  const moved = scaleAndShift(context, grouped, along(context, scale, 1, 3), along(context, bias, 1, 3));
  return [context.reshape(moved, shape)];
};

/** Each of `batch` x `groups` equal parts normalized by itself. */
function inGroups(context: Lowering, x: Value, batch: number, groups: number, epsilon: number): Value {
  const { shape } = x.type;
  const count = elementCount(shape);
  if (count === 0) return x;
  const parts = context.reshape(x, [batch * groups, count / (batch * groups)]);
  return context.reshape(normalize(context, parts, { axis: 1, epsilon }), shape);
}

/** x over its norm along an axis; zeros where the norm is 0. */
const lpNormalization: Operator = (context) => {
  const x = context.input(0);
  const { dtype, shape } = x.type;
  const axis = axisOf(context, getInt(context.node, "axis", -1), shape.length);
  const p = getInt(context.node, "p", 2);
  if (p !== 1 && p !== 2) context.fail(`has the norm p = ${p}; use 1 or 2`);
  const norm = reduce(context, p === 1 ? "l1" : "l2", x, [axis]);
  const isZero = binaryNumber(context, "equal", norm, 0);
  return [binary(context, "div", x, where(context, isZero, number(context, dtype, 1), norm))];
};

const meanVarianceNormalization: Operator = (context) => {
  const x = context.input(0);
  const axes = axesOf(context, getInts(context.node, "axes", [0, 2, 3]), x.type.shape.length);
  const { centered, variance } = moments(
    context,
    x,
    axes.sort((a, b) => a - b),
  );
  // Added to the root, not under it, as in the operator's definition.
  const deviation = binaryNumber(context, "add", unary(context, "sqrt", variance), 1e-9);
  return [binary(context, "div", centered, deviation)];
};

/** x / (bias + alpha / size * sum of squares over neighbouring channels) ^ beta (Krizhevsky et al. 2012). */
const lrn: Operator = (context) => {
  const { node } = context;
  const x = context.input(0);
  const { shape } = x.type;
  const [batch = 0, channels = 0] = shape;
  const size = getInt(node, "size");
  const inner = elementCount(shape.slice(2));
  const squares = context.reshape(binary(context, "mul", x, x), [batch, 1, channels, inner]);
  const before = Math.floor((size - 1) / 2);
  // The average of a window that counts its padding is the sum over `size`.
  const attributes = {
    kind: "average",
    layout: "nchw",
    kernel: [size, 1],
    strides: [1, 1],
    dilations: [1, 1],
    pads: [before, 0, size - 1 - before, 0],
    countIncludePad: true,
  } as const;
  const means = context.kernel({ op: "pool2d", inputs: [squares.type], attributes }, [squares]);
  const scaled = binaryNumber(context, "mul", context.reshape(means, shape), getFloat(node, "alpha", 1e-4));
  const base = binaryNumber(context, "add", scaled, getFloat(node, "bias", 1));
  return [binary(context, "div", x, binaryNumber(context, "pow", base, getFloat(node, "beta", 0.75)))];
};

/** Applies a function along the axis of Softmax and its kin: before opset 13 all axes from `axis` on are one. */
export function overAxis(
  context: Lowering,
  x: Value,
  opset: number,
  apply: (context: Lowering, x: Value, axis: number) => Value,
): Value {
  const { shape } = x.type;
  const isOld = opset < 13;
  const axis = axisOf(context, getInt(context.node, "axis", isOld ? 1 : -1), shape.length);
  if (!isOld) return apply(context, x, axis);
  const rows = elementCount(shape.slice(0, axis));
  const columns = elementCount(shape.slice(axis));
  return context.reshape(apply(context, context.reshape(x, [rows, columns]), 1), shape);
}

function alongAxis(apply: (context: Lowering, x: Value, axis: number) => Value): Operator {
  return (context) => [overAxis(context, context.input(0), context.opset, apply)];
}

export function softmax(context: Lowering, x: Value, axis: number, log = false): Value {
  return context.kernel({ op: "softmax", inputs: [x.type], attributes: { axis, log } }, [x]);
}

/** 1 where the first largest element along an axis is, else 0. */
function hardmax(context: Lowering, x: Value, axis: number): Value {
  const { dtype, shape } = x.type;
  const length = shape[axis] ?? 1;
  const inner = elementCount(shape.slice(axis + 1));
  const [y] = context.host([x.type], [x], ([given]) => {
    const values = valuesOf(given!);
    const out = new Float64Array(values.length);
    for (let row = 0; row < values.length / length; row++) {
      const start = Math.floor(row / inner) * length * inner + (row % inner);
      let best = start;
      for (let i = 1; i < length; i++)
        if (values[start + i * inner]! > values[best]!) best = start + i * inner;
      out[best] = 1;
    }
    return [tensor(dtype, shape, out)];
  });
  return y!;
}

export const normalizations: OperatorTable = {
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  Hardmax: alongAxis(hardmax),
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  LogSoftmax: alongAxis((context, x, axis) => softmax(context, x, axis, true)),
  LpNormalization: lpNormalization,
  LRN: lrn,
  MeanVarianceNormalization: meanVarianceNormalization,
  RMSNormalization: rmsNormalization,
  SimplifiedLayerNormalization: rmsNormalization,
  Softmax: alongAxis(softmax),
};
