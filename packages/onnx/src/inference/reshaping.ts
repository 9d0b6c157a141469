/** Operators that give the same elements another shape: Reshape, Transpose, Squeeze and their kin, Shape and Size. */

import { broadcast } from "./broadcast.ts";
import { rearranged } from "./contents.ts";
import type { MaybeDim } from "./dim.ts";
import * as dims from "./dim.ts";
import type { Op, Rule, Rules } from "./op.ts";
import { MOST_DATA, ofRank, type Shape, tensor } from "./value.ts";

/** Version 15 takes the sizes between `start` and `end` alone. */
const shapeOp: Rule = (op) => {
  const shape = op.shape(0);
  if (shape === undefined) return [tensor("int64", [undefined])];
  const rank = shape.length;
  const clamp = (axis: number): number => Math.min(Math.max(axis < 0 ? axis + rank : axis, 0), rank);
  const taken = shape.slice(clamp(op.int("start", 0)), clamp(op.int("end", rank)));
  return [tensor("int64", [taken.length], taken)];
};

const size: Rule = (op) => {
  const shape = op.shape(0);
  return [tensor("int64", [], shape === undefined ? undefined : [dims.product(shape)])];
};

const reshape: Rule = (op) => {
  const input = op.input(0);
  // Version 1 had the shape as an attribute.
  const target = op.version < 5 ? op.ints("shape") : op.data(1);
  if (target === undefined) {
    const length = op.dim(1, 0);
    return [tensor(input.dtype, ofRank(typeof length === "number" ? length : undefined))];
  }
  const allowZero = op.int("allowzero", 0) !== 0;
  const from = input.shape;
  const shape: MaybeDim[] = target.map((dim, axis) => {
    if (dim !== 0 || allowZero) return dim;
    if (from !== undefined && axis >= from.length)
      op.fail(`the shape copies axis ${axis} of ${from.length} dimensions`);
    return from?.[axis];
  });
  const free = shape.indexOf(-1);
  if (shape.some((dim, axis) => typeof dim === "number" && (dim < -1 || (dim === -1 && axis !== free)))) {
    op.fail(`[${shape.join(", ")}] is not a shape with at most one -1`);
  }
  if (free >= 0) shape[free] = restOf(op, from, shape, free);
  checkCount(op, from, shape);
  return [tensor(input.dtype, shape, input.data)];
};

/** The size that -1 stands for. Sizes that stay as they are cancel, so that one unknown among them does no harm. */
function restOf(op: Op, from: Shape | undefined, shape: readonly MaybeDim[], free: number): MaybeDim {
  if (from === undefined) return undefined;
  const numerator = [...from];
  const denominator = shape.filter((_, axis) => axis !== free);
  if (numerator.includes(0) && !denominator.includes(0)) return 0;
  for (let i = denominator.length - 1; i >= 0; i--) {
    const dim = denominator[i];
    // An unknown size cancels only against itself, at the place it was copied from.
    const at = dim === undefined ? -1 : numerator.findIndex((other) => dims.same(other, dim));
    if (at < 0) continue;
    numerator.splice(at, 1);
    denominator.splice(i, 1);
  }
  const all = dims.product(numerator);
  const rest = dims.product(denominator);
  if (typeof all === "number" && typeof rest === "number" && (rest === 0 || all % rest !== 0)) {
    op.fail(`${all} elements do not fill [${shape.join(", ")}]; one size must divide the rest`);
  }
  return dims.exactQuotient(all, rest) ?? dims.floorDivide(all, rest);
}

function checkCount(op: Op, from: Shape | undefined, to: Shape): void {
  const before = from === undefined ? undefined : dims.product(from);
  const after = dims.product(to);
  if (typeof before === "number" && typeof after === "number" && before !== after) {
    op.fail(`[${from?.join(", ")}] has ${before} elements and [${to.join(", ")}] has ${after}`);
  }
}

/** Axes: an attribute before version 13, then the second input. Undefined when they are not known. */
export function axesOf(op: Op, input = 1, since = 13): readonly number[] | undefined {
  if (op.version < since) return op.hasAttribute("axes") ? op.ints("axes") : undefined;
  return op.numbers(input);
}

const squeeze: Rule = (op) => {
  const { dtype, shape, data } = op.input(0);
  if (shape === undefined) return [tensor(dtype, undefined, data)];
  const given = axesOf(op);
  const isGiven = op.version < 13 ? op.hasAttribute("axes") : op.has(1);
  if (isGiven && given === undefined) return [tensor(dtype, undefined, data)];
  // Without axes every 1 goes, and a symbol may be a 1.
  if (given === undefined) {
    const known = shape.every((dim) => typeof dim === "number");
    return [tensor(dtype, known ? shape.filter((dim) => dim !== 1) : undefined, data)];
  }
  const axes = new Set(given.map((axis) => op.axis(axis, shape.length)));
  for (const axis of axes) {
    const dim = shape[axis];
    if (typeof dim === "number" && dim !== 1)
      op.fail(`axis ${axis} has size ${dim} and only 1 can be squeezed`);
  }
  return [
    tensor(
      dtype,
      shape.filter((_, axis) => !axes.has(axis)),
      data,
    ),
  ];
};

const unsqueeze: Rule = (op) => {
  const { dtype, shape, data } = op.input(0);
  const given = axesOf(op);
  if (shape === undefined) return [tensor(dtype, undefined, data)];
  if (given === undefined) {
    const count = op.dim(1, 0);
    return [tensor(dtype, typeof count === "number" ? ofRank(shape.length + count) : undefined, data)];
  }
  const rank = shape.length + given.length;
  const axes = new Set(given.map((axis) => op.axis(axis, rank)));
  if (axes.size !== given.length) op.fail(`axes [${given.join(", ")}] name an axis twice`);
  const rest = [...shape];
  return [
    tensor(
      dtype,
      Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : rest.shift())),
      data,
    ),
  ];
};

const transpose: Rule = (op) => {
  const { dtype, shape, data } = op.input(0);
  if (shape === undefined)
    return [tensor(dtype, op.hasAttribute("perm") ? ofRank(op.ints("perm").length) : undefined)];
  const perm = op.ints(
    "perm",
    shape.map((_, axis) => shape.length - 1 - axis),
  );
  const distinct = new Set(perm.map((axis) => op.axis(axis, shape.length)));
  if (distinct.size !== shape.length)
    op.fail(`perm [${perm.join(", ")}] is no permutation of ${shape.length} axes`);
  const result = perm.map((axis) => shape.at(axis));
  const sources = shape.map((_, axis) => perm.findIndex((from) => op.axis(from, shape.length) === axis));
  const origin = (place: readonly number[]) => sources.map((axis) => place[axis]!);
  return [tensor(dtype, result, rearranged(data, shape, result, origin))];
};

const flatten: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  if (shape === undefined) return [tensor(dtype, [undefined, undefined])];
  const given = op.int("axis", 1);
  const axis = given === shape.length ? given : shape.length === 0 ? 0 : op.axis(given, shape.length);
  return [tensor(dtype, [dims.product(shape.slice(0, axis)), dims.product(shape.slice(axis))])];
};

const expand: Rule = (op) => {
  const { dtype, shape, data } = op.input(0);
  const target = op.data(1);
  const length = op.dim(1, 0);
  const to = target ?? ofRank(typeof length === "number" ? length : undefined);
  const result = broadcast(op, [shape, to]);
  // One number, many times: the start of many a shape computation.
  const count = result === undefined ? undefined : dims.product(result);
  const repeated =
    data?.length === 1 && typeof count === "number" && count >= 0 && count <= MOST_DATA
      ? new Array(count).fill(data[0])
      : undefined;
  return [tensor(dtype, result, repeated)];
};

const tile: Rule = (op) => {
  const { dtype, shape } = op.input(0);
  const repeats = op.data(1);
  if (shape === undefined) return [tensor(dtype, ofRank(repeats?.length))];
  if (repeats !== undefined && repeats.length !== shape.length) {
    op.fail(`${repeats.length} repeats are given for ${shape.length} dimensions`);
  }
  return [
    tensor(
      dtype,
      shape.map((dim, axis) => dims.multiply(dim, repeats?.[axis])),
    ),
  ];
};

/** Depth moves into squares of `blocksize`, or back. */
const depthToSpace: Rule = (op) => {
  const [n, c, h, w] = fourDims(op);
  const block = op.int("blocksize");
  return [
    tensor(op.dtype(0), [
      n,
      dims.floorDivide(c, block ** 2),
      dims.multiply(h, block),
      dims.multiply(w, block),
    ]),
  ];
};

const spaceToDepth: Rule = (op) => {
  const [n, c, h, w] = fourDims(op);
  const block = op.int("blocksize");
  return [
    tensor(op.dtype(0), [
      n,
      dims.multiply(c, block ** 2),
      dims.floorDivide(h, block),
      dims.floorDivide(w, block),
    ]),
  ];
};

function fourDims(op: Op): Shape {
  const shape = op.shape(0) ?? ofRank(4);
  return shape.length === 4 ? shape : op.fail(`the input has ${shape.length} dimensions instead of 4`);
}

export const reshapingRules: Rules = {
  Shape: shapeOp,
  Size: size,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Flatten: flatten,
  Expand: expand,
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
