/** Operators that slide a window over the spatial axes of [N, C, D1, ..., Dk]: convolutions and pools. */
import type { ElementType } from "../tensor/formats.ts";
import type { MaybeDim } from "./dim.ts";
import * as dims from "./dim.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { ofRank, type Shape, tensor } from "./value.ts";

/** How a window moves; one entry for each spatial axis. */
interface Window {
  readonly kernel: Shape;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Of both ends together. */
  readonly pads: readonly number[];
  readonly autoPad: string;
  readonly ceil: boolean;
  /** Padding at the start alone, where a last window may not begin beyond the data. */
  readonly starts: readonly number[];
}

function windowOf(op: Op, kernel: Shape): Window {
  const rank = kernel.length;
  const perAxis = (name: string, count: number, fallback: number): readonly number[] => {
    const values = op.ints(name, new Array<number>(count).fill(fallback));
    return values.length === count
      ? values
      : op.fail(`${name} has ${values.length} entries instead of ${count}`);
  };
  const strides = perAxis("strides", rank, 1);
  if (strides.some((stride) => stride < 1)) op.fail(`strides [${strides.join(", ")}] must be positive`);
  const pads = perAxis("pads", 2 * rank, 0);
  return {
    kernel,
    strides,
    dilations: perAxis("dilations", rank, 1),
    pads: pads.slice(0, rank).map((pad, axis) => pad + pads[axis + rank]!),
    starts: pads.slice(0, rank),
    autoPad: op.string("auto_pad", "NOTSET"),
    ceil: op.int("ceil_mode", 0) !== 0,
  };
}

/** How many windows fit along one axis (ONNX Conv, AveragePool). */
function windowCount(op: Op, size: MaybeDim, window: Window, axis: number): MaybeDim {
  const stride = window.strides[axis]!;
  if (window.autoPad.startsWith("SAME")) return dims.ceilDivide(size, stride);
  const pads = window.autoPad === "VALID" ? 0 : window.pads[axis]!;
  const reach = dims.add(dims.multiply(dims.subtract(window.kernel[axis], 1), window.dilations[axis]), 1);
  const room = dims.subtract(dims.add(size, pads), reach);
  if (typeof room === "number" && room < 0)
    op.fail(`its window of ${reach} does not fit axis ${axis} of ${size} with padding`);
  const count = dims.add((window.ceil ? dims.ceilDivide : dims.floorDivide)(room, stride), 1);
  // A window that would begin in the padding behind the data does not count.
  const beginsBehind =
    window.ceil &&
    typeof count === "number" &&
    typeof size === "number" &&
    (count - 1) * stride >= size + (window.autoPad === "VALID" ? 0 : window.starts[axis]!);
  return beginsBehind ? count - 1 : count;
}

function slid(op: Op, input: Shape, channels: MaybeDim, kernel: Shape): Shape {
  const window = windowOf(op, kernel);
  return [input[0], channels, ...input.slice(2).map((size, axis) => windowCount(op, size, window, axis))];
}

/** Sizes of the kernel: an attribute, or those of the weights. */
function kernelOf(op: Op, rank: number, weights: Shape | undefined): Shape {
  const kernel: Shape = op.hasAttribute("kernel_shape")
    ? op.ints("kernel_shape")
    : (weights?.slice(2) ?? new Array<MaybeDim>(rank - 2).fill(undefined));
  return kernel.length === rank - 2
    ? kernel
    : op.fail(`a kernel of ${kernel.length} axes on ${rank} dimensions`);
}

/** [N, C, ...] and weights [M, C / group, ...] make [N, M, ...]. */
function convolution(weightsInput: number, dtype: (op: Op) => ElementType | undefined): Rule {
  return (op) => {
    const input = op.shape(0);
    const weights = op.shape(weightsInput);
    if (input === undefined) return [tensor(dtype(op), ofRank(weights?.length))];
    if (input.length < 3)
      op.fail(`its input has ${input.length} dimensions; it needs a batch, channels and an axis`);
    if (weights !== undefined && weights.length !== input.length) {
      op.fail(`its input has ${input.length} dimensions and its weights ${weights.length}`);
    }
    const channels = input[1];
    const needed = dims.multiply(weights?.[1], op.int("group", 1));
    if (typeof channels === "number" && typeof needed === "number" && channels !== needed) {
      op.fail(`its input has ${channels} channels and its weights are for ${needed}`);
    }
    return [tensor(dtype(op), slid(op, input, weights?.[0], kernelOf(op, input.length, weights)))];
  };
}

/** [N, C, ...] and weights [C, M / group, ...] make [N, M, ...], larger by the strides. */
const convTranspose: Rule = (op) => {
  const input = op.shape(0);
  const weights = op.shape(1);
  if (input === undefined) return [tensor(op.dtype(0), ofRank(weights?.length))];
  if (input.length < 3)
    op.fail(`its input has ${input.length} dimensions; it needs a batch, channels and an axis`);
  const window = windowOf(op, kernelOf(op, input.length, weights));
  const channels = dims.multiply(weights?.[1], op.int("group", 1));
  const extra = op.ints(
    "output_padding",
    window.strides.map(() => 0),
  );
  const given = op.hasAttribute("output_shape")
    ? op.ints("output_shape").slice(-window.strides.length)
    : undefined;
  const spatial = input.slice(2).map((size, axis) => {
    if (given !== undefined) return given[axis];
    const stride = window.strides[axis]!;
    if (window.autoPad.startsWith("SAME")) return dims.multiply(size, stride);
    const reach = dims.add(dims.multiply(dims.subtract(window.kernel[axis], 1), window.dilations[axis]), 1);
    const spread = dims.add(dims.multiply(dims.subtract(size, 1), stride), dims.add(reach, extra[axis] ?? 0));
    return dims.subtract(spread, window.autoPad === "VALID" ? 0 : window.pads[axis]);
  });
  return [tensor(op.dtype(0), [input[0], channels, ...spatial])];
};

/** The channels stay; MaxPool's second output says where each maximum was. */
const pool: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  if (shape === undefined) return [tensor(dtype, undefined), tensor("int64", undefined)];
  if (shape.length < 3)
    op.fail(`its input has ${shape.length} dimensions; it needs a batch, channels and an axis`);
  const result = slid(op, shape, shape[1], kernelOf(op, shape.length, undefined));
  return [tensor(dtype, result), tensor("int64", result)];
};

/** All spatial axes become 1. */
export const globalPool: Rule = (op) => {
  const shape = op.shape(0);
  return [
    tensor(
      op.dtype(0),
      shape?.map((dim, axis) => (axis < 2 ? dim : 1)),
    ),
  ];
};

/** The inverse of a pool, or a shape that is given. */
const maxUnpool: Rule = (op) => {
  const shape = op.shape(0);
  if (op.has(2)) return [tensor(op.dtype(0), op.data(2) ?? ofRank(shape?.length))];
  if (shape === undefined || shape.length < 3) return [tensor(op.dtype(0), undefined)];
  const { kernel, strides, pads } = windowOf(op, kernelOf(op, shape.length, undefined));
  const spatial = shape.slice(2).map((size, axis) => {
    const spread = dims.multiply(dims.subtract(size, 1), strides[axis]);
    return dims.subtract(dims.add(spread, kernel[axis]), pads[axis]);
  });
  return [tensor(op.dtype(0), [...shape.slice(0, 2), ...spatial])];
};

const roiAlign: Rule = (op) => [
  tensor(op.dtype(0), [op.dim(1, 0), op.dim(0, 1), op.int("output_height", 1), op.int("output_width", 1)]),
];

const maxRoiPool: Rule = (op) => [
  tensor(op.dtype(0), [op.dim(1, 0), op.dim(0, 1), ...op.ints("pooled_shape")]),
];

/** Blocks [N, C * block, L] put back into an image [N, C, ...image]. */
const col2Im: Rule = (op) => {
  const image = op.data(1);
  const block = op.data(2);
  if (image === undefined || block === undefined) return [tensor(op.dtype(0), undefined)];
  return [tensor(op.dtype(0), [op.dim(0, 0), dims.floorDivide(op.dim(0, 1), dims.product(block)), ...image])];
};

/** Output like the input; the state keeps the last k - 1 positions. */
const causalConv: Rule = (op) => [
  tensor(op.dtype(0), op.shape(0)),
  tensor(op.dtype(0), [op.dim(0, 0), op.dim(0, 1), dims.subtract(op.dim(1, 2), 1)]),
];

export const qLinearConv = convolution(3, (op) => op.dtype(7));

/** A pool of codes whose layout an attribute may turn around. */
export const qLinearPool =
  (rule: Rule): Rule =>
  (op) => {
    if (op.int("channels_last", 0) !== 0) return [tensor(op.dtype(0), ofRank(op.rank(0)))];
    return rule(op).slice(0, 1);
  };

export const windowRules: Rules = {
  Conv: convolution(1, (op) => op.dtype(0)),
  ConvInteger: convolution(1, () => "int32"),
  QLinearConv: qLinearConv,
  DeformConv: convolution(1, (op) => op.dtype(0)),
  ConvTranspose: convTranspose,
  CausalConvWithState: causalConv,
  AveragePool: pool,
  MaxPool: pool,
  LpPool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  MaxUnpool: maxUnpool,
  RoiAlign: roiAlign,
  MaxRoiPool: maxRoiPool,
  Col2Im: col2Im,
};

export { pool };
