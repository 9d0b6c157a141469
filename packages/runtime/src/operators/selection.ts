/** Operators that find elements: the largest, the nonzero, the distinct. */
import { elementCount, type HostTensor, strides } from "@bitbudget/core";
import { findAttribute, getInt } from "@bitbudget/onnx";
import { comparable } from "../host/arithmetic.ts";
import { pick } from "../host/elements.ts";
import { extremeIndices, lanesOf, topPositions } from "../host/selection.ts";
import { uniqueSlices } from "../host/unique.ts";
import type { Operator } from "../operator.ts";
import { axisOf } from "./axes.ts";
import type { OperatorTable } from "./index.ts";

function extreme(largest: boolean): Operator {
  return (context) => {
    const x = context.input(0);
    const { node } = context;
    const { shape } = x.type;
    const axis = shape.length === 0 ? 0 : axisOf(context, getInt(node, "axis", 0), shape.length);
    const last = getInt(node, "select_last_index", 0) !== 0;
    const keep = getInt(node, "keepdims", 1) !== 0;
    const result = keep && shape.length > 0 ? shape.with(axis, 1) : shape.toSpliced(axis, 1);
    return context.host([{ dtype: "int64", shape: result }], [x], ([data]) => [
      { dtype: "int64", shape: result, data: extremeIndices(data!, lanesOf(shape, axis), largest, last) },
    ]);
  };
}

const topK: Operator = (context) => {
  const x = context.input(0);
  const { dtype, shape } = x.type;
  const { node } = context;
  const axis = axisOf(context, getInt(node, "axis", -1), shape.length);
  const largest = getInt(node, "largest", 1) !== 0;
  // An attribute before opset 10.
  const count = context.has(1) ? context.scalar(1) : getInt(node, "k");
  if (count < 0 || count > shape[axis]!) context.fail(`cannot pick ${count} of ${shape[axis]} elements`);
  const result = shape.with(axis, count);
  const types = [
    { dtype, shape: result },
    { dtype: "int64", shape: result },
  ] as const;
  return context.host(types, [x], ([data]) => {
    const { positions, indices } = topPositions(data!, lanesOf(shape, axis), count, largest);
    return [pick(data!, result, positions), { dtype: "int64", shape: result, data: indices }];
  });
};

const nonZero: Operator = (context) => {
  const x = context.constant(0);
  const values = comparable(x);
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (Number(values[i]) !== 0) found.push(i);
  const rank = x.shape.length;
  const steps = strides(x.shape);
  const data = new BigInt64Array(rank * found.length);
  for (const [axis, step] of steps.entries())
    for (const [i, position] of found.entries())
      data[axis * found.length + i] = BigInt(Math.floor(position / step) % x.shape[axis]!);
  return [context.known({ dtype: "int64", shape: [rank, found.length], data })];
};

const unique: Operator = (context) => {
  const x = context.constant(0);
  const { node } = context;
  const flat = findAttribute(node, "axis") === undefined;
  const shape = flat ? [elementCount(x.shape)] : x.shape;
  const axis = flat ? 0 : axisOf(context, getInt(node, "axis"), shape.length);
  const lanes = lanesOf(shape, axis);
  const found = uniqueSlices({ ...x, shape }, lanes, getInt(node, "sorted", 1) !== 0);
  const { outer, length, inner } = lanes;
  const count = found.first.length;
  const positions = Int32Array.from({ length: outer * count * inner }, (_, i) => {
    const k = found.first[Math.floor(i / inner) % count]!;
    return (Math.floor(i / (count * inner)) * length + k) * inner + (i % inner);
  });
  const list = (numbers: readonly number[]): HostTensor => ({
    dtype: "int64",
    shape: [numbers.length],
    data: BigInt64Array.from(numbers, BigInt),
  });
  return [
    pick(x, shape.with(axis, count), positions),
    list(found.first),
    list(found.inverse),
    list(found.counts),
  ].map((tensor) => context.known(tensor));
};

export const selection: OperatorTable = {
  ArgMax: extreme(true),
  ArgMin: extreme(false),
  TopK: topK,
  NonZero: nonZero,
  Unique: unique,
};
