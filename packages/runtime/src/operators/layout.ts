/** Operators that put the elements of tensors in other places: transposed, joined, cut, repeated. */
import { tensor, valuesOf } from "@bitbudget/core";
import { findAttribute, getInt, getInts, getString } from "@bitbudget/onnx";
import { pick } from "../host/elements.ts";
import { reversedPositions } from "../host/sequences.ts";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { axesOf, axisOf, everyAxis } from "./axes.ts";
import type { OperatorTable } from "./index.ts";
import * as moves from "./moves.ts";

const transpose: Operator = (context) => {
  const x = context.input(0);
  const rank = x.type.shape.length;
  const perm = getInts(context.node, "perm", everyAxis(rank).reverse());
  if (perm.length !== rank) context.fail(`permutes ${perm.length} axes of a tensor of ${rank} dimensions`);
  return [moves.transpose(context, x, axesOf(context, perm, rank))];
};

const concat: Operator = (context) => {
  const parts = context.inputs.map((_, i) => context.input(i));
  const rank = context.input(0).type.shape.length;
  return [moves.concat(context, parts, axisOf(context, getInt(context.node, "axis"), rank))];
};

const split: Operator = (context) => {
  const x = context.input(0);
  const axis = axisOf(context, getInt(context.node, "axis", 0), x.type.shape.length);
  const length = x.type.shape[axis] ?? 0;
  const sizes = splitSizes(context, length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== length || sizes.some((size) => size < 0))
    context.fail(`cannot cut ${length} into parts of ${sizes.join(", ")}`);
  let start = 0;
  return sizes.map((size) => {
    const part = moves.sliceAxis(context, x, axis, start, size);
    start += size;
    return part;
  });
};

/** Sizes are an input from opset 13 on, an attribute before, and else equal but for the last. */
function splitSizes(context: Lowering, length: number): readonly number[] {
  if (context.has(1)) return context.integers(1);
  if (findAttribute(context.node, "split") !== undefined) return getInts(context.node, "split");
  const count = getInt(context.node, "num_outputs", context.outputCount);
  const size = Math.ceil(length / count);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(size, length - i * size)));
}

const slice: Operator = (context) => {
  const x = context.input(0);
  const { shape } = x.type;
  const starts = sliceBounds(context, "starts", 1) ?? context.fail("needs starts");
  const ends = sliceBounds(context, "ends", 2) ?? context.fail("needs ends");
  const axes = axesOf(context, sliceBounds(context, "axes", 3) ?? everyAxis(starts.length), shape.length);
  const steps = context.has(4) ? context.integers(4) : starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length)
    context.fail("has starts, ends, axes and steps of different lengths");

  const from = shape.map(() => 0);
  const by = shape.map(() => 1);
  const sizes = [...shape];
  for (const [i, axis] of axes.entries()) {
    const length = shape[axis] ?? 0;
    const step = steps[i] ?? 1;
    if (step === 0) context.fail(`must not step by 0 along axis ${axis}`);
    const place = (bound: number, least: number, most: number) =>
      Math.min(Math.max(bound < 0 ? bound + length : bound, least), most);
    // Backwards, the last element is the latest start, and the place before the first one an end.
    const start = place(starts[i] ?? 0, 0, step > 0 ? length : length - 1);
    const end = step > 0 ? place(ends[i] ?? 0, 0, length) : place(ends[i] ?? 0, -1, length - 1);
    const size = Math.max(0, Math.ceil((end - start) / step));
    sizes[axis] = size;
    by[axis] = step;
    from[axis] = size === 0 ? 0 : start;
  }
  return [moves.slice(context, x, from, by, sizes)];
};

/** An attribute before opset 10. Bounds beyond 2^53 mean the end of the axis. */
function sliceBounds(context: Lowering, name: string, input: number): readonly number[] | undefined {
  if (context.has(input)) return context.integers(input);
  return findAttribute(context.node, name)?.ints.map(Number);
}

const expand: Operator = (context) => {
  const x = context.input(0);
  const { shape } = x.type;
  const wanted = context.integers(1);
  const rank = Math.max(shape.length, wanted.length);
  const result = Array.from({ length: rank }, (_, axis) => {
    const [a = 1, b = 1] = [shape[axis - rank + shape.length], wanted[axis - rank + wanted.length]];
    if (a !== b && a !== 1 && b !== 1)
      context.fail(`cannot broadcast [${shape.join(", ")}] and [${wanted.join(", ")}]`);
    return a === 1 ? b : a;
  });
  return [moves.expand(context, x, result)];
};

const tile: Operator = (context) => {
  const x = context.input(0);
  const { shape } = x.type;
  const repeats = context.integers(1);
  if (repeats.length !== shape.length || repeats.some((repeat) => repeat < 0))
    context.fail(`cannot repeat [${shape.join(", ")}] by [${repeats.join(", ")}]`);
  // Each axis becomes two: the repetitions, and what is repeated.
  const apart = context.reshape(
    x,
    shape.flatMap((length) => [1, length]),
  );
  const repeated = moves.expand(
    context,
    apart,
    shape.flatMap((length, axis) => [repeats[axis] ?? 1, length]),
  );
  return [
    context.reshape(
      repeated,
      shape.map((length, axis) => length * (repeats[axis] ?? 1)),
    ),
  ];
};

const depthToSpace: Operator = (context) => {
  const x = context.input(0);
  const { image, block, columnsFirst } = blocks(context, x);
  const [n, c, h, w] = image;
  const depth = c / (block * block);
  if (!Number.isInteger(depth)) context.fail(`cannot cut ${c} channels into blocks of ${block} x ${block}`);
  const apart = columnsFirst ? [n, depth, block, block, h, w] : [n, block, block, depth, h, w];
  const perm = columnsFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  const moved = moves.transpose(context, context.reshape(x, apart), perm);
  return [context.reshape(moved, [n, depth, h * block, w * block])];
};

const spaceToDepth: Operator = (context) => {
  const x = context.input(0);
  const { image, block, columnsFirst } = blocks(context, x);
  const [n, c, h, w] = image;
  const [rows, columns] = [h / block, w / block];
  if (!Number.isInteger(rows) || !Number.isInteger(columns))
    context.fail(`cannot cut ${h} x ${w} into blocks of ${block} x ${block}`);
  const apart = context.reshape(x, [n, c, rows, block, columns, block]);
  const moved = moves.transpose(context, apart, columnsFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]);
  return [context.reshape(moved, [n, c * block * block, rows, columns])];
};

function blocks(context: Lowering, x: Value) {
  const [n = 0, c = 0, h = 0, w = 0] = x.type.shape;
  if (x.type.shape.length !== 4) context.fail(`needs an image, not ${x.type.shape.length} dimensions`);
  const block = getInt(context.node, "blocksize");
  const mode = getString(context.node, "mode", "DCR");
  if (block < 1 || (mode !== "DCR" && mode !== "CRD"))
    context.fail(`has blocks of ${block} in mode ${mode}; use DCR or CRD`);
  return { image: [n, c, h, w] as const, block, columnsFirst: mode === "CRD" };
}

const trilu: Operator = (context) => {
  const x = context.input(0);
  const [rows, columns] = [x.type.shape.at(-2) ?? 0, x.type.shape.at(-1) ?? 0];
  if (x.type.shape.length < 2) context.fail("needs a matrix");
  const diagonal = context.has(1) ? context.scalar(1) : 0;
  const upper = getInt(context.node, "upper", 1) === 1;
  const kept = Uint8Array.from({ length: rows * columns }, (_, i) => {
    const above = (i % columns) - Math.floor(i / columns) - diagonal;
    return Number(upper ? above >= 0 : above <= 0);
  });
  const mask = context.known({ dtype: "bool", shape: [rows, columns], data: kept });
  const zero = context.known(tensor(x.type.dtype, [], [0]));
  const inputs = [mask.type, x.type, zero.type];
  return [context.kernel({ op: "where", inputs, attributes: {} }, [mask, x, zero])];
};

const reverseSequence: Operator = (context) => {
  const x = context.input(0);
  const [batch, time] = [getInt(context.node, "batch_axis", 1), getInt(context.node, "time_axis", 0)];
  if (Math.min(batch, time) !== 0 || Math.max(batch, time) !== 1)
    context.fail(`has batch_axis ${batch} and time_axis ${time}; they must be 0 and 1`);
  return context.host([x.type], [x, context.input(1)], ([data, lengths]) => [
    pick(data!, data!.shape, reversedPositions(data!.shape, valuesOf(lengths!), time)),
  ]);
};

export const layout: OperatorTable = {
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
  ReverseSequence: reverseSequence,
};
