/** Pad and CenterCropPad: elements added around a tensor, or cut off. */
import type { PadAttributes } from "@bitbudget/backend";
import { findAttribute, getFloat, getInts, getString } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { axesOf, everyAxis } from "./axes.ts";
import type { OperatorTable } from "./index.ts";
import * as moves from "./moves.ts";

const modes = ["constant", "reflect", "edge", "wrap"] as const;

const pad: Operator = (context) => {
  const x = context.input(0);
  const { node } = context;
  const rank = x.type.shape.length;
  const name = getString(node, "mode", "constant");
  const mode = modes.find((each) => each === name) ?? context.fail(`has no mode ${name}`);
  // Attributes before opset 11.
  const given = context.has(1) ? context.integers(1) : getInts(node, "pads");
  const value = context.has(2) ? context.scalar(2) : getFloat(node, "value", 0);
  const axes = context.has(3) ? axesOf(context, context.integers(3), rank) : everyAxis(rank);
  if (given.length !== 2 * axes.length)
    context.fail(`needs ${2 * axes.length} pads for ${axes.length} axes, not ${given.length}`);
  const pads = everyAxis(rank).map((axis): [number, number] => {
    const i = axes.indexOf(axis);
    return i < 0 ? [0, 0] : [given[i] ?? 0, given[i + axes.length] ?? 0];
  });
  return [mode === "reflect" ? reflect(context, x, pads) : moves.pad(context, x, { pads, mode, value })];
};

/** A single element has no neighbour to reflect: it repeats itself, as in numpy. */
function reflect(context: Lowering, x: Value, pads: PadAttributes["pads"]): Value {
  const single = pads.map(
    ([before, after], axis) => (x.type.shape[axis] ?? 0) + Math.min(0, before) + Math.min(0, after) === 1,
  );
  const edges = moves.pad(context, x, {
    pads: pads.map((pair, axis) => (single[axis] ? pair : [0, 0])),
    mode: "edge",
  });
  return moves.pad(context, edges, {
    pads: pads.map((pair, axis) => (single[axis] ? [0, 0] : pair)),
    mode: "reflect",
  });
}

const centerCropPad: Operator = (context) => {
  const x = context.input(0);
  const { shape } = x.type;
  const named = findAttribute(context.node, "axes") !== undefined;
  const axes = named ? axesOf(context, getInts(context.node, "axes"), shape.length) : everyAxis(shape.length);
  const wanted = context.integers(1);
  if (wanted.length !== axes.length)
    context.fail(`needs ${axes.length} sizes for its axes, not ${wanted.length}`);
  const target = shape.map((length, axis) => wanted[axes.indexOf(axis)] ?? length);
  const kept = shape.map((length, axis) => Math.min(length, target[axis] ?? length));
  // The odd element is cut off, or added, at the end.
  const starts = shape.map((length, axis) => Math.floor((length - kept[axis]!) / 2));
  const cropped = moves.slice(
    context,
    x,
    starts,
    shape.map(() => 1),
    kept,
  );
  const pads = kept.map((length, axis): [number, number] => {
    const added = target[axis]! - length;
    return [Math.floor(added / 2), Math.ceil(added / 2)];
  });
  return [moves.pad(context, cropped, { pads, mode: "constant" })];
};

export const padding: OperatorTable = { Pad: pad, CenterCropPad: centerCropPad };
