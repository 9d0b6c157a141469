/** Operators that cut and join: Slice, Split, Concat, Pad. */

import { rearranged } from "./contents.ts";
import type { MaybeDim } from "./dim.ts";
import * as dims from "./dim.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { MOST_DATA, ofRank, type Shape, tensor, unknown, type Value } from "./value.ts";

/** Bounds are attributes before version 10, then inputs. Contents of a vector are cut along with it. */
const slice: Rule = (op) => {
  const { dtype, shape, data } = op.input(0);
  if (shape === undefined) return [tensor(dtype, undefined)];
  const asInputs = op.version >= 10;
  const starts = asInputs ? op.data(1) : op.bounds("starts");
  const ends = asInputs ? op.data(2) : op.bounds("ends");
  const steps = asInputs && op.has(4) ? op.data(4) : undefined;
  const axesGiven = asInputs ? op.has(3) : op.hasAttribute("axes");
  const axes = axesGiven ? (asInputs ? op.numbers(3) : op.ints("axes")) : starts?.map((_, axis) => axis);
  // Which axes are cut is not known: all may be.
  if (axes === undefined) return [tensor(dtype, ofRank(shape.length))];
  const result: MaybeDim[] = [...shape];
  const ranges: (Range | undefined)[] = shape.map(() => ({ first: 0, length: undefined, step: 1 }));
  for (const [i, given] of axes.entries()) {
    const axis = op.axis(given, shape.length);
    const step = asInputs && op.has(4) ? steps?.[i] : 1;
    if (step === 0) op.fail(`the step of axis ${axis} is 0`);
    const range = typeof step === "number" ? rangeOf(shape[axis], starts?.[i], ends?.[i], step) : undefined;
    result[axis] = range?.length;
    ranges[axis] = range;
  }
  const firsts = ranges.map((range) => range?.first);
  if (!firsts.every((first) => typeof first === "number")) return [tensor(dtype, result)];
  const origin = (place: readonly number[]) =>
    place.map((index, axis) => Number(firsts[axis]) + index * (ranges[axis]?.step ?? 1));
  return [tensor(dtype, result, rearranged(data, shape, result, origin))];
};

interface Range {
  readonly first: MaybeDim;
  readonly length: MaybeDim;
  readonly step: number;
}

/** First index and length of dim[start:end:step]. */
function rangeOf(dim: MaybeDim, start: MaybeDim, end: MaybeDim, step: number): Range {
  if (step < 0) {
    // Backward from the last index down to, but without, the one before the first.
    const last = dims.subtract(dim, 1);
    const first = clamped(dim, start, -1, last);
    const stop = clamped(dim, end, -1, last);
    return { first, length: atLeastZero(dims.ceilDivide(dims.subtract(first, stop), -step)), step };
  }
  const first = clamped(dim, start, 0, dim);
  const stop = clamped(dim, end, 0, dim);
  if (first === 0 && step === 1 && dims.same(stop, dim)) return { first, length: dim, step };
  return { first, length: atLeastZero(dims.ceilDivide(dims.subtract(stop, first), step)), step };
}

/** An index counted from the front and kept between two bounds. Infinite bounds are where they point to. */
function clamped(dim: MaybeDim, index: MaybeDim, low: number, high: MaybeDim): MaybeDim {
  if (typeof index !== "number") {
    // An expression of sizes counts from the front when it has nothing negative in it.
    if (index === undefined || index.text.includes("-")) return undefined;
    return dims.minimum(index, high);
  }
  if (index === Number.POSITIVE_INFINITY) return high;
  if (index === Number.NEGATIVE_INFINITY) return low;
  if (index === 0) return 0;
  if (index < 0) return dims.maximum(dims.add(dim, index), low);
  return dims.minimum(index, high);
}

function atLeastZero(dim: MaybeDim): MaybeDim {
  // What is already the larger of 0 and something stays as it is.
  return typeof dim === "object" && /^max\(0, [^()]*\)$/.test(dim.text) ? dim : dims.maximum(dim, 0);
}

/** Sizes are an attribute before version 13, then an input; without them the parts are equal, the last one smaller. */
const split: Rule = (op) => {
  const { dtype, shape, data } = op.input(0);
  const count = op.node.output.length;
  if (shape === undefined) return new Array<Value>(count).fill(tensor(dtype, undefined));
  const axis = op.axis(op.int("axis", 0), shape.length);
  const sizes = splitSizes(op, shape[axis], count);
  let start: MaybeDim = 0;
  return sizes.map((size) => {
    const from: MaybeDim = start;
    start = dims.add(start, size);
    const known = shape.length === 1 && typeof from === "number" && typeof size === "number";
    return tensor(dtype, replaced(shape, axis, size), known ? data?.slice(from, from + size) : undefined);
  });
};

function splitSizes(op: Op, dim: MaybeDim, count: number): Shape {
  const given = op.version < 13 ? (op.hasAttribute("split") ? op.ints("split") : undefined) : op.data(1);
  if (given !== undefined) {
    if (given.length !== count) op.fail(`${given.length} sizes are given for ${count} outputs`);
    const total = given.reduce<MaybeDim>(dims.add, 0);
    if (typeof total === "number" && typeof dim === "number" && total !== dim) {
      op.fail(`the sizes ${given.join(" + ")} do not add up to ${dim}`);
    }
    return given;
  }
  if (op.version >= 13 && op.has(1)) return new Array<MaybeDim>(count).fill(undefined);
  const part = dims.ceilDivide(dim, count);
  const last = dims.subtract(dim, dims.multiply(part, count - 1));
  return Array.from({ length: count }, (_, i) => (i < count - 1 ? part : last));
}

/** The shape with one size exchanged. */
export function replaced(shape: Shape, axis: number, dim: MaybeDim): Shape {
  return shape.map((old, i) => (i === axis ? dim : old));
}

const concat: Rule = (op) => {
  const inputs = op.node.input.map((_, i) => op.input(i));
  const vectors = inputs.map(({ data, shape }) => (shape?.length === 1 ? data : undefined));
  const total = vectors.reduce((sum, data) => sum + (data?.length ?? Number.POSITIVE_INFINITY), 0);
  const data = total <= MOST_DATA ? vectors.flatMap((vector) => vector ?? []) : undefined;
  return [concatenated(op, inputs, op.int("axis", op.version < 4 ? 1 : undefined), data)];
};

/** Inputs laid one after another along an axis. The sizes of the other axes agree, so one that is known is enough. */
export function concatenated(op: Op, inputs: readonly Value[], givenAxis: number, data?: Shape): Value {
  const dtype = inputs.find((input) => input.dtype !== undefined)?.dtype;
  const known = inputs.find((input) => input.shape !== undefined)?.shape;
  if (known === undefined) return tensor(dtype, undefined);
  const axis = op.axis(givenAxis, known.length);
  let result: Shape = replaced(known, axis, 0);
  for (const { shape = ofRank(known.length) } of inputs) {
    if (shape.length !== known.length) op.fail(`inputs of ${known.length} and ${shape.length} dimensions`);
    result = result.map((dim, i) => (i === axis ? dims.add(dim, shape[i]) : agreed(op, dim, shape[i], i)));
  }
  return tensor(dtype, result, data);
}

/** Of two sizes that must be equal, the one that is known better. @throws InferenceError when they are different numbers */
export function agreed(op: Op, a: MaybeDim, b: MaybeDim, axis: number): MaybeDim {
  if (typeof a === "number" && typeof b === "number" && a !== b)
    op.fail(`sizes ${a} and ${b} of axis ${axis} differ`);
  return typeof b === "number" ? b : (a ?? b);
}

/** Pads are attributes before version 11, then an input, for some axes alone since version 18. */
const pad: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  if (shape === undefined) return [tensor(dtype, undefined)];
  const attribute = op.hasAttribute("pads") ? "pads" : "paddings";
  const pads = op.version >= 11 ? op.data(1) : op.ints(attribute);
  const axes = op.has(3)
    ? op.numbers(3)?.map((axis) => op.axis(axis, shape.length))
    : shape.map((_, axis) => axis);
  if (pads === undefined || axes === undefined) return [tensor(dtype, ofRank(shape.length))];
  if (pads.length !== 2 * axes.length)
    op.fail(`${pads.length} pads are given for ${axes.length} axes, instead of two each`);
  const result: MaybeDim[] = [...shape];
  for (const [i, axis] of axes.entries()) {
    const size = dims.add(dims.add(shape[axis], pads[i]), pads[i + axes.length]);
    if (typeof size === "number" && size < 0) op.fail(`axis ${axis} is cropped to ${size}`);
    result[axis] = size;
  }
  return [tensor(dtype, result)];
};

const centerCropPad: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  if (shape === undefined) return [unknown];
  const axes = op
    .ints(
      "axes",
      shape.map((_, axis) => axis),
    )
    .map((axis) => op.axis(axis, shape.length));
  const target = op.data(1);
  const result: MaybeDim[] = [...shape];
  for (const [i, axis] of axes.entries()) result[axis] = target?.[i];
  return [tensor(dtype, result)];
};

export const slicingRules: Rules = {
  Slice: slice,
  Split: split,
  Concat: concat,
  Pad: pad,
  CenterCropPad: centerCropPad,
};
