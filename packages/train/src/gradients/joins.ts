/** Gradients of operators that cut, join and repeat. */
import { normalizeAxis } from "@bitbudget/core";
import { getInt, getString } from "@bitbudget/onnx";
import { alongAxes } from "./axis-matrices.ts";
import type { Backward, GradientRule, GradientTable } from "./rule.ts";

/** Axes that an input names; all of `each` where it is left out. */
function axesOf(b: Backward, i: number, each: readonly number[]): number[] {
  const rank = b.input(0).shape.length;
  const given = b.inputs[i] === undefined ? each.keys() : b.content(i, "axes");
  return Array.from(given, (axis) => normalizeAxis(axis, rank));
}

const concat: GradientRule = (b) => {
  const { ops, dy } = b;
  const axis = normalizeAxis(getInt(b.node, "axis"), dy.shape.length);
  let start = 0;
  return b.inputs.map((input, i) => {
    const size = input?.shape[axis] ?? 0;
    const part = b.needs(i) ? ops.sliceAxis(dy, axis, start, size) : undefined;
    start += size;
    return part;
  });
};

/** Parts that nobody uses have a gradient of zeros. */
const split: GradientRule = (b) => {
  const { ops } = b;
  const axis = normalizeAxis(getInt(b.node, "axis", 0), b.input(0).shape.length);
  return [
    ops.concat(
      b.outputs.map((part, i) => b.gradients[i] ?? ops.zeros(part)),
      axis,
    ),
  ];
};

/** Steps other than 1 put each slice where it was; everything else is zeros around. */
const slice: GradientRule = (b) => {
  const { ops } = b;
  const { shape } = b.input(0);
  const starts = b.content(1, "starts");
  const axes = axesOf(b, 3, starts);
  const steps = b.inputs[4] ? b.content(4, "steps") : starts.map(() => 1);
  let dx = b.dy;
  const pads = [...shape, ...shape].fill(0);
  for (const [i, axis] of axes.entries()) {
    const [size = 0, count = 0, step = 1] = [shape[axis], b.dy.shape[axis], steps[i]];
    const from = (starts[i] ?? 0) < 0 ? (starts[i] ?? 0) + size : (starts[i] ?? 0);
    const start = Math.min(Math.max(from, 0), step > 0 ? size : size - 1);
    if (step === 1) {
      pads[axis] = start;
      pads[axis + shape.length] = size - start - count;
    } else {
      const indices = Array.from({ length: count }, (_, k) => start + k * step);
      dx = ops.gatherGrad(ops.ints(indices), dx, axis, size);
    }
  }
  return [ops.pad(dx, pads)];
};

/** Padding with a constant is cut off again. What the other modes repeat goes back to where it came from. */
const pad: GradientRule = (b) => {
  const { ops, dy } = b;
  const { shape } = b.input(0);
  const rank = shape.length;
  const given = b.content(1, "pads");
  const axes = axesOf(b, 3, shape);
  const pads = [...shape, ...shape].fill(0);
  for (const [i, axis] of axes.entries()) {
    pads[axis] = given[i] ?? 0;
    pads[axis + rank] = given[i + axes.length] ?? 0;
  }
  const mode = getString(b.node, "mode", "constant");
  if (mode === "constant")
    return [
      ops.pad(
        dy,
        pads.map((count) => -count),
      ),
      undefined,
      b.needs(2) ? b.fail("the value it pads with is trained; make it constant") : undefined,
    ];
  return [
    alongAxes(b, (axis, identity, type) => {
      const [before = 0, after = 0] = [pads[axis], pads[axis + rank]];
      if (before === 0 && after === 0) return [];
      return ops.emit("Pad", [identity(), ops.ints([0, before, 0, after])], [type], { mode });
    }),
  ];
};

/** The sum over all copies. */
const tile: GradientRule = ({ ops, dy, input }) => {
  const { shape } = input(0);
  const copies = shape.map((size, axis) => (dy.shape[axis] ?? 0) / Math.max(1, size));
  const apart = ops.reshape(
    dy,
    shape.flatMap((size, axis) => [copies[axis] ?? 1, size]),
  );
  const repeated = copies.flatMap((count, axis) => (count === 1 ? [] : [2 * axis]));
  return [ops.reshape(ops.sum(apart, repeated), shape)];
};

export const joins: GradientTable = {
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Tile: tile,
};
