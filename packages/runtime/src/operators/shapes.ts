/** Operators that know or change the shape of a tensor and leave its elements where they are. */
import { tensor } from "@bitbudget/core";
import { findAttribute, getInt, getInts } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import { axesOf, axisOf } from "./axes.ts";
import type { OperatorTable } from "./index.ts";

const shape: Operator = (context) => {
  const { shape } = context.input(0).type;
  const { node } = context;
  const dimensions = shape.slice(getInt(node, "start", 0), getInt(node, "end", shape.length));
  return [context.known(tensor("int64", [dimensions.length], dimensions))];
};

const size: Operator = (context) => {
  const count = context.input(0).type.shape.reduce((product, length) => product * length, 1);
  return [context.known(tensor("int64", [], [count]))];
};

const reshape: Operator = (context) => {
  const x = context.input(0);
  const { shape } = x.type;
  const given = context.integers(1);
  const copyZeros = getInt(context.node, "allowzero", 0) === 0;
  const wanted = given.map((length, axis) => {
    if (length !== 0 || !copyZeros) return length;
    return shape[axis] ?? context.fail(`copies dimension ${axis} of a tensor of ${shape.length} dimensions`);
  });
  const open = wanted.indexOf(-1);
  if (open < 0) return [context.reshape(x, wanted)];
  const known = wanted.reduce((product, length) => (length === -1 ? product : product * length), 1);
  const count = shape.reduce((product, length) => product * length, 1);
  // Of 0 elements into 0 there is no telling; 0 is what the rest of the shape leaves over.
  const rest = known === 0 ? 0 : count / known;
  if (!Number.isInteger(rest) || wanted.lastIndexOf(-1) !== open)
    context.fail(`cannot give ${count} elements the shape [${given.join(", ")}]`);
  return [context.reshape(x, wanted.with(open, rest))];
};

/** Axes were an attribute before opset 13. Undefined where they are left out. */
function axesInput(context: Lowering): readonly number[] | undefined {
  if (context.has(1)) return context.integers(1);
  return findAttribute(context.node, "axes") === undefined ? undefined : getInts(context.node, "axes");
}

const squeeze: Operator = (context) => {
  const x = context.input(0);
  const { shape } = x.type;
  const given = axesInput(context);
  const axes = given === undefined ? undefined : axesOf(context, given, shape.length);
  for (const axis of axes ?? [])
    if (shape[axis] !== 1) context.fail(`cannot drop axis ${axis} of length ${shape[axis]}`);
  const kept = shape.filter((length, axis) => (axes === undefined ? length !== 1 : !axes.includes(axis)));
  return [context.reshape(x, kept)];
};

const unsqueeze: Operator = (context) => {
  const x = context.input(0);
  const given = axesInput(context) ?? context.fail("needs axes");
  const rank = x.type.shape.length + given.length;
  const axes = axesOf(context, given, rank);
  const lengths = x.type.shape.values();
  const result = Array.from({ length: rank }, (_, axis) =>
    axes.includes(axis) ? 1 : (lengths.next().value ?? 1),
  );
  return [context.reshape(x, result)];
};

const flatten: Operator = (context) => {
  const x = context.input(0);
  const { shape } = x.type;
  const given = getInt(context.node, "axis", 1);
  // The end of the shape is a place to cut, too.
  const axis = given === shape.length ? given : axisOf(context, given, shape.length);
  const product = (lengths: readonly number[]) => lengths.reduce((count, length) => count * length, 1);
  return [context.reshape(x, [product(shape.slice(0, axis)), product(shape.slice(axis))])];
};

export const shapes: OperatorTable = {
  Shape: shape,
  Size: size,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Flatten: flatten,
};
