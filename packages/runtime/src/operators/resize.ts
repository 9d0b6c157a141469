/** Resize and Upsample: geometry of the node to that of the resize kernel. */
import { type ResizeAttributes, resizeCoordinates, resizeModes, resizeRoundings } from "@bitbudget/backend";
import { type DType, dtypes, elementCount } from "@bitbudget/core";
import { findAttribute, getFloat, getFloats, getInt, getInts, getString } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import { axesOf, everyAxis } from "./axes.ts";
import { isFloat, unary } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { cast } from "./moves.ts";

const resize: Operator = (context) => {
  const x = context.input(0);
  const { dtype, shape } = x.type;
  const attributes = { ...interpolation(context), ...geometry(context, shape) };
  const through = computedIn(dtype, attributes.mode);
  const wide = cast(context, x, through);
  const resized = context.kernel({ op: "resize", inputs: [wide.type], attributes }, [wide]);
  // What lies between integers goes to the nearest, as in ONNX's reference implementation.
  const rounded = isFloat(dtype) || through === dtype ? resized : unary(context, "round", resized);
  return [cast(context, rounded, dtype)];
};

/** A format that the kernel takes: its own, or one that holds the numbers of the others and of what is between them. */
function computedIn(dtype: DType, mode: ResizeAttributes["mode"]): DType {
  if (isFloat(dtype) && dtypes[dtype].bits > 8) return dtype;
  if (mode === "nearest" && (dtype === "int8" || dtype === "uint8" || dtype === "int32")) return dtype;
  return dtypes[dtype].bits < 32 ? "float32" : "float64";
}

/** How values between the elements come about. Before opset 11 that was asymmetric, and nearest the one before. */
function interpolation(context: Lowering): Omit<ResizeAttributes, "sizes" | "scales" | "roi"> {
  const { node, opset } = context;
  const mode = resizeModes.find((each) => getString(node, "mode", "nearest") === each);
  const coordinates =
    opset < 11 ? "asymmetric" : getString(node, "coordinate_transformation_mode", "half_pixel");
  const nearest = opset < 11 ? "floor" : getString(node, "nearest_mode", "round_prefer_floor");
  return {
    mode: mode ?? context.fail(`has no mode ${getString(node, "mode")}`),
    coordinates:
      resizeCoordinates.find((each) => each === coordinates) ??
      context.fail(`has no coordinate_transformation_mode ${coordinates}`),
    nearest:
      resizeRoundings.find((each) => each === nearest) ?? context.fail(`has no nearest_mode ${nearest}`),
    cubicA: getFloat(node, "cubic_coeff_a", -0.75),
    excludeOutside: getInt(node, "exclude_outside", 0) !== 0,
    extrapolation: getFloat(node, "extrapolation_value", 0),
    antialias: getInt(node, "antialias", 0) !== 0,
  };
}

function geometry(
  context: Lowering,
  shape: readonly number[],
): Pick<ResizeAttributes, "sizes" | "scales" | "roi"> {
  const { node } = context;
  const rank = shape.length;
  const named = findAttribute(node, "axes") !== undefined;
  const axes = named ? axesOf(context, getInts(node, "axes"), rank) : everyAxis(rank);
  /** A list with one entry for each named axis as one with an entry for every axis. */
  const spread = (values: readonly number[], rest: (axis: number) => number): number[] => {
    if (values.length !== axes.length)
      context.fail(`needs ${axes.length} numbers for its axes, not ${values.length}`);
    return everyAxis(rank).map((axis) => values[axes.indexOf(axis)] ?? rest(axis));
  };
  const roi = roiOf(context, axes, rank);
  const scales = scalesOf(context);
  if (scales !== undefined) {
    const all = spread(scales, () => 1);
    // In float32, as the scales are: 10 by 0.7 is 7, although the float32 nearest to 0.7 lies below it. Contrary to the
    // formula in ONNX's text a crop does not count, as in its reference implementation and in onnxruntime.
    const sizes = shape.map((length, axis) => Math.floor(Math.fround(length * (all[axis] ?? 1))));
    return { sizes, scales: all, ...(roi === undefined ? {} : { roi }) };
  }
  const wanted = spread(context.integers(3), (axis) => shape[axis] ?? 0);
  const policy = getString(node, "keep_aspect_ratio_policy", "stretch");
  if (policy === "stretch") return { sizes: wanted, ...(roi === undefined ? {} : { roi }) };
  if (policy !== "not_larger" && policy !== "not_smaller")
    context.fail(`has no keep_aspect_ratio_policy ${policy}`);
  const ratios = axes.map((axis) => (wanted[axis] ?? 0) / (shape[axis] ?? 1));
  const scale = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return {
    sizes: shape.map((length, axis) => (axes.includes(axis) ? Math.floor(scale * length + 0.5) : length)),
    scales: shape.map((_, axis) => (axes.includes(axis) ? scale : 1)),
    ...(roi === undefined ? {} : { roi }),
  };
}

/** Input 1 of Upsample and of Resize before opset 11, input 2 after; an attribute of Upsample before opset 9. */
function scalesOf(context: Lowering): readonly number[] | undefined {
  const { node, opset } = context;
  if (findAttribute(node, "scales") !== undefined) return getFloats(node, "scales");
  const index = node.opType === "Upsample" || opset < 11 ? 1 : 2;
  // Exporters leave an empty tensor where sizes are given instead.
  const given = context.has(index) && elementCount(context.input(index).type.shape) > 0;
  return given ? context.integers(index) : undefined;
}

/** All starts, then all ends. */
function roiOf(context: Lowering, axes: readonly number[], rank: number): number[] | undefined {
  if (getString(context.node, "coordinate_transformation_mode", "") !== "tf_crop_and_resize")
    return undefined;
  const given = context.integers(1);
  return everyAxis(2 * rank).map((k) => {
    const i = axes.indexOf(k % rank);
    const isEnd = k >= rank;
    return i < 0
      ? Number(isEnd)
      : (given[i + (isEnd ? axes.length : 0)] ?? context.fail("has too short a roi"));
  });
}

export const resizing: OperatorTable = { Resize: resize, Upsample: resize };
