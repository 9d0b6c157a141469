/** Operators that select elements by index: Gather and its kin, Compress. */
import { elementCount, tensor, valuesOf } from "@bitbudget/core";
import { findAttribute, getInt } from "@bitbudget/onnx";
import { pick } from "../host/elements.ts";
import { positionsAlong, positionsOfTuples } from "../host/positions.ts";
import type { Operator } from "../operator.ts";
import { axisOf } from "./axes.ts";
import type { OperatorTable } from "./index.ts";
import * as moves from "./moves.ts";

const gather: Operator = (context) => {
  const [x, indices] = [context.input(0), context.input(1)];
  return [
    moves.gather(context, x, indices, axisOf(context, getInt(context.node, "axis", 0), x.type.shape.length)),
  ];
};

const gatherElements: Operator = (context) => {
  const [x, indices] = [context.input(0), context.input(1)];
  const { dtype, shape } = x.type;
  const axis = axisOf(context, getInt(context.node, "axis", 0), shape.length);
  const result = indices.type.shape;
  if (result.length !== shape.length || result.some((length, k) => k !== axis && length > shape[k]!))
    context.fail(`cannot pick [${result.join(", ")}] of [${shape.join(", ")}]`);
  return context.host([{ dtype, shape: result }], [x, indices], ([data, at]) => [
    pick(data!, result, positionsAlong(shape, axis, valuesOf(at!), result)),
  ]);
};

const gatherND: Operator = (context) => {
  const [x, indices] = [context.input(0), context.input(1)];
  const { dtype, shape } = x.type;
  const indexShape = indices.type.shape;
  const batchDims = getInt(context.node, "batch_dims", 0);
  const depth = indexShape.at(-1) ?? context.fail("needs indices of at least one dimension");
  if (batchDims + depth > shape.length || batchDims >= indexShape.length)
    context.fail(`has tuples of ${depth} indices for a tensor of ${shape.length} dimensions`);
  if (indexShape.slice(0, batchDims).some((length, k) => length !== shape[k]))
    context.fail(`has other batches in [${shape.join(", ")}] than in [${indexShape.join(", ")}]`);
  const result = [...indexShape.slice(0, -1), ...shape.slice(batchDims + depth)];
  return context.host([{ dtype, shape: result }], [x, indices], ([data, at]) => [
    pick(data!, result, positionsOfTuples(shape, valuesOf(at!), indexShape, batchDims)),
  ]);
};

const compress: Operator = (context) => {
  const x = context.input(0);
  const flat = findAttribute(context.node, "axis") === undefined;
  const data = flat ? context.reshape(x, [elementCount(x.type.shape)]) : x;
  const rank = data.type.shape.length;
  const axis = flat ? 0 : axisOf(context, getInt(context.node, "axis"), rank);
  const kept = context.integers(1).flatMap((condition, i) => (condition !== 0 ? [i] : []));
  return [moves.gather(context, data, context.known(tensor("int32", [kept.length], kept)), axis)];
};

export const gathering: OperatorTable = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  Compress: compress,
};
