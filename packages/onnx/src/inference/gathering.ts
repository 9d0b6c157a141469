/** Operators that pick and place by index: the Gather and Scatter families, OneHot, Compress, NonZero, Unique, TopK. */
import { likeInput } from "./elementwise.ts";
import type { Rule, Rules } from "./op.ts";
import { replaced } from "./slicing.ts";
import { ofRank, tensor } from "./value.ts";

const gather: Rule = (op) => {
  const { dtype, shape, data } = op.input(0);
  const indices = op.shape(1);
  if (shape === undefined || indices === undefined) return [tensor(dtype, undefined)];
  const axis = op.axis(op.int("axis", 0), shape.length);
  const result = [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
  const wanted = shape.length === 1 && data !== undefined ? op.numbers(1) : undefined;
  const picked = wanted?.map((index) => {
    if (data !== undefined && (index < -data.length || index >= data.length)) {
      op.fail(`index ${index} is outside of the ${data.length} elements`);
    }
    return data?.at(index);
  });
  return [tensor(dtype, result, picked)];
};

const gatherElements: Rule = (op) => [tensor(op.dtype(0), op.shape(1))];

const gatherND: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const indices = op.shape(1);
  const depth = indices?.at(-1);
  if (shape === undefined || indices === undefined || typeof depth !== "number")
    return [tensor(dtype, undefined)];
  const batch = op.int("batch_dims", 0);
  if (batch + depth > shape.length)
    op.fail(`indices of ${batch + depth} axes into ${shape.length} dimensions`);
  return [tensor(dtype, [...indices.slice(0, -1), ...shape.slice(batch + depth)])];
};

const oneHot: Rule = (op) => {
  const dtype = op.dtype(2);
  const indices = op.shape(0);
  if (indices === undefined) return [tensor(dtype, undefined)];
  const axis = op.axis(op.int("axis", -1), indices.length + 1);
  return [tensor(dtype, [...indices.slice(0, axis), op.data(1)?.[0], ...indices.slice(axis)])];
};

/** How many elements are left depends on the condition. */
const compress: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const count = op.numbers(1)?.reduce((sum, flag) => sum + flag, 0);
  if (!op.hasAttribute("axis")) return [tensor(dtype, [count])];
  if (shape === undefined) return [tensor(dtype, undefined)];
  return [tensor(dtype, replaced(shape, op.axis(op.int("axis"), shape.length), count))];
};

const nonZero: Rule = (op) => [tensor("int64", [op.rank(0), undefined])];

const unique: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const vector = tensor("int64", [undefined]);
  const first = op.hasAttribute("axis")
    ? shape && replaced(shape, op.axis(op.int("axis"), shape.length), undefined)
    : [undefined];
  return [tensor(dtype, first), vector, vector, vector];
};

/** k is an attribute before version 10, then an input. */
const topK: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const k = op.version < 10 ? op.int("k") : op.data(1)?.[0];
  if (shape === undefined) return [tensor(dtype, undefined), tensor("int64", undefined)];
  const axis = op.axis(op.int("axis", -1), shape.length);
  const size = shape[axis];
  if (typeof k === "number" && typeof size === "number" && k > size)
    op.fail(`the ${k} largest of ${size} are asked for`);
  const result = replaced(shape, axis, k);
  return [tensor(dtype, result), tensor("int64", result)];
};

const nonMaxSuppression: Rule = () => [tensor("int64", [undefined, 3])];

/** Batch, channels, and the shape of the grid: [N, C, ...grid without its last axis]. */
const gridSample: Rule = (op) => {
  const shape = op.shape(0);
  const grid = op.shape(1);
  if (grid === undefined || shape === undefined)
    return [tensor(op.dtype(0), ofRank(shape?.length ?? grid?.length))];
  return [tensor(op.dtype(0), [...shape.slice(0, 2), ...grid.slice(1, -1)])];
};

/** [N, C, H, W] makes a grid of [N, H, W, 2], five sizes one of [N, D, H, W, 3]. */
const affineGrid: Rule = (op) => {
  const size = op.data(1);
  if (size === undefined) return [tensor(op.dtype(0), undefined)];
  return [tensor(op.dtype(0), [size[0], ...size.slice(2), size.length - 2])];
};

export const gatheringRules: Rules = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  Scatter: likeInput,
  ScatterElements: likeInput,
  ScatterND: likeInput,
  OneHot: oneHot,
  Compress: compress,
  NonZero: nonZero,
  Unique: unique,
  TopK: topK,
  NonMaxSuppression: nonMaxSuppression,
  GridSample: gridSample,
  AffineGrid: affineGrid,
};
