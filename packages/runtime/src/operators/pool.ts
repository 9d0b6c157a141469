/** Pools: kernels for the maximum and average over one or two axes, the host for everything else. */
import type { Layout } from "@bitbudget/backend";
import { type DType, dtypes } from "@bitbudget/core";
import { getInt, getInts } from "@bitbudget/onnx";
import { argMaxPool, columnMajor, type PoolShape, pool } from "../host/pooling.ts";
import { floatsOf, tensorOfFloats } from "../host/tensors.ts";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { axesFrom, binaryNumber, reduce, unary } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { transpose } from "./moves.ts";
import { imageGeometry, type Windows, windowsOf } from "./windows.ts";

function windowsOver(context: Lowering, x: Value): Windows {
  const { shape } = x.type;
  if (shape.length < 3) context.fail(`pools images [batch, channels, ...spatial], not [${shape.join(", ")}]`);
  return windowsOf(context, shape.slice(2), getInts(context.node, "kernel_shape"));
}

function poolShape(x: Value, windows: Windows): PoolShape {
  return { ...windows, input: x.type.shape };
}

/** A kernel, if the window has one or two axes and none can fall into the padding altogether. */
export function poolKernel(
  context: Lowering,
  x: Value,
  windows: Windows,
  kind: "max" | "average",
  countIncludePad = false,
  layout: Layout = "nchw",
): Value | undefined {
  const { kernel, dilations, before, after, ceil, counts } = windows;
  const extents = kernel.map((length, i) => (length - 1) * dilations[i]! + 1);
  const seesImage = extents.every((extent, i) => before[i]! < extent && after[i]! < extent);
  if (kernel.length > 2 || !seesImage) return undefined;
  const { shape } = x.type;
  const [batch = 0] = shape;
  const isLast = layout === "nhwc";
  const image = kernel.length === 1 ? context.reshape(x, shape.toSpliced(isLast ? 1 : 2, 0, 1)) : x;
  const attributes = { kind, layout, ceil, countIncludePad, ...imageGeometry(windows) } as const;
  const y = context.kernel({ op: "pool2d", inputs: [image.type], attributes }, [image]);
  const result = isLast ? [batch, ...counts, shape.at(-1) ?? 0] : [batch, shape[1] ?? 0, ...counts];
  return context.reshape(y, result);
}

const poolable: readonly DType[] = ["float32", "float16", "bfloat16", "float64", "int8", "uint8"];

const maxPool: Operator = (context) => {
  const x = context.input(0);
  const windows = windowsOver(context, x);
  const { dtype, shape } = x.type;
  const wantsIndices = context.outputCount > 1 && context.node.output[1] !== "";
  if (!wantsIndices && poolable.includes(dtype)) {
    const y = poolKernel(context, x, windows, "max");
    if (y !== undefined) return [y];
  }
  const isColumnMajor = getInt(context.node, "storage_order", 0) !== 0;
  const result = [...shape.slice(0, 2), ...windows.counts];
  const { min, kind } = dtypes[dtype];
  const nothing = kind === "float" ? Number.NEGATIVE_INFINITY : min;
  const types = [{ dtype, shape: result }, { dtype: "int64", shape: result } as const] as const;
  return context.host(types, [x], ([image]) => {
    const values = floatsOf(image!);
    const positions = argMaxPool(values, poolShape(x, windows));
    const y = positions.map((position) => values[position] ?? nothing);
    const indices = isColumnMajor ? positions.map((position) => columnMajor(position, shape)) : positions;
    return [tensorOfFloats(types[0], y), tensorOfFloats(types[1], indices)];
  });
};

const averagePool: Operator = (context) => {
  const x = context.input(0);
  return [averagePoolOf(context, x, windowsOver(context, x))];
};

/** Averages over windows; the attribute says whether padding counts as zeros. */
export function averagePoolOf(context: Lowering, x: Value, windows: Windows): Value {
  const countsPadding = getInt(context.node, "count_include_pad", 0) !== 0;
  const y = poolKernel(context, x, windows, "average", countsPadding);
  if (y !== undefined) return y;
  return onHost(context, x, windows, (values) => (elements, places) => {
    const sum = elements.reduce((total, at) => total + values[at]!, 0);
    return sum / (countsPadding ? places : elements.length);
  });
}

/** Pools of images with the channels last, [batch, height, width, channels]: what the pass for layouts makes of pools. */
function channelsLast(opType: string, kind: "max" | "average"): Operator {
  return (context) => {
    const x = context.input(0);
    const windows = windowsOf(context, x.type.shape.slice(1, -1), getInts(context.node, "kernel_shape"));
    const countsPadding = getInt(context.node, "count_include_pad", 0) !== 0;
    const y = poolKernel(context, x, windows, kind, countsPadding, "nhwc");
    if (y !== undefined) return [y];
    const attributes = context.node.attribute.filter(({ name }) => name !== "channels_last");
    const [first] = context.operator(opType, [transpose(context, x, [0, 3, 1, 2])], attributes);
    return first === undefined ? [] : [transpose(context, first, [0, 2, 3, 1])];
  };
}

export const poolsChannelsLast: OperatorTable = {
  MaxPool: channelsLast("MaxPool", "max"),
  AveragePool: channelsLast("AveragePool", "average"),
  GlobalAveragePool: (context) => [reduce(context, "mean", context.input(0), [1, 2])],
  GlobalMaxPool: (context) => [reduce(context, "max", context.input(0), [1, 2])],
};

const lpPool: Operator = (context) => {
  const x = context.input(0);
  const p = getInt(context.node, "p", 2);
  const norm = (values: Float64Array) => (elements: readonly number[]) =>
    elements.reduce((total, at) => total + Math.abs(values[at]!) ** p, 0) ** (1 / p);
  return [onHost(context, x, windowsOver(context, x), norm)];
};

function onHost(
  context: Lowering,
  x: Value,
  windows: Windows,
  over: (values: Float64Array) => (elements: readonly number[], places: number) => number,
): Value {
  const type = { dtype: x.type.dtype, shape: [...x.type.shape.slice(0, 2), ...windows.counts] };
  const [y] = context.host([type], [x], ([image]) => [
    tensorOfFloats(type, pool(poolShape(x, windows), over(floatsOf(image!)))),
  ]);
  return y!;
}

/** Over all spatial axes, which stay with length 1. */
function global(reduceOver: (context: Lowering, x: Value, axes: readonly number[]) => Value): Operator {
  return (context) => {
    const x = context.input(0);
    return [reduceOver(context, x, axesFrom(2, x.type.shape.length))];
  };
}

const globalLpPool = global((context, x, axes) => {
  const p = getInt(context.node, "p", 2);
  if (p === 1 || p === 2) return reduce(context, p === 1 ? "l1" : "l2", x, axes);
  const powers = binaryNumber(context, "pow", unary(context, "abs", x), p);
  return binaryNumber(context, "pow", reduce(context, "sum", powers, axes), 1 / p);
});

export const pools: OperatorTable = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  GlobalAveragePool: global((context, x, axes) => reduce(context, "mean", x, axes)),
  GlobalMaxPool: global((context, x, axes) => reduce(context, "max", x, axes)),
  GlobalLpPool: globalLpPool,
};
