/** Operators that write updates into a tensor at the positions that indices name. */
import { elementCount, type HostTensor, valuesOf } from "@bitbudget/core";
import { getInt, getString } from "@bitbudget/onnx";
import { combineElements, type Operation } from "../host/arithmetic.ts";
import { put } from "../host/elements.ts";
import { positionsAlong, positionsOfTuples } from "../host/positions.ts";
import type { Lowering, Operator } from "../operator.ts";
import { axisOf } from "./axes.ts";
import type { OperatorTable } from "./index.ts";

const operations: readonly Operation[] = ["add", "mul", "max", "min"];

/** What joins an update with what is there; undefined where it replaces that. */
function reductionOf(context: Lowering): Operation | undefined {
  const name = getString(context.node, "reduction", "none");
  if (name === "none") return undefined;
  return operations.find((each) => each === name) ?? context.fail(`has no reduction ${name}`);
}

function update(
  data: HostTensor,
  positions: ArrayLike<number>,
  updates: HostTensor,
  reduction: Operation | undefined,
): HostTensor {
  if (reduction === undefined) return put(data, positions, updates);
  return combineElements(data, reduction, updates, (out, combine, of) => {
    for (let i = 0; i < positions.length; i++) out[positions[i]!] = combine(out[positions[i]!]!, of[i]!);
  });
}

const scatterElements: Operator = (context) => {
  const [x, indices, updates] = [context.input(0), context.input(1), context.input(2)];
  const { shape } = x.type;
  const axis = axisOf(context, getInt(context.node, "axis", 0), shape.length);
  const indexShape = indices.type.shape;
  const reduction = reductionOf(context);
  const fits =
    indexShape.length === shape.length &&
    indexShape.every((length, k) => k === axis || length <= shape[k]!) &&
    updates.type.shape.join() === indexShape.join();
  if (!fits)
    context.fail(
      `has data [${shape.join(", ")}], indices [${indexShape.join(", ")}], updates [${updates.type.shape.join(", ")}]`,
    );
  return context.host([x.type], [x, indices, updates], ([data, at, of]) => [
    update(data!, positionsAlong(shape, axis, valuesOf(at!), indexShape), of!, reduction),
  ]);
};

const scatterND: Operator = (context) => {
  const [x, indices, updates] = [context.input(0), context.input(1), context.input(2)];
  const { shape } = x.type;
  const indexShape = indices.type.shape;
  const depth = indexShape.at(-1) ?? context.fail("needs indices of at least one dimension");
  const reduction = reductionOf(context);
  const expected = [...indexShape.slice(0, -1), ...shape.slice(depth)];
  if (depth > shape.length || elementCount(expected) !== elementCount(updates.type.shape))
    context.fail(
      `needs updates of the shape [${expected.join(", ")}], not [${updates.type.shape.join(", ")}]`,
    );
  return context.host([x.type], [x, indices, updates], ([data, at, of]) => [
    update(data!, positionsOfTuples(shape, valuesOf(at!), indexShape), of!, reduction),
  ]);
};

/** A cache of sequences that grows: updates go one after the other from an index of their batch on. */
const tensorScatter: Operator = (context) => {
  const [cache, updates] = [context.input(0), context.input(1)];
  const { shape } = cache.type;
  const axis = axisOf(context, getInt(context.node, "axis", -2), shape.length);
  const mode = getString(context.node, "mode", "linear");
  const length = shape[axis] ?? 0;
  const steps = updates.type.shape[axis] ?? 0;
  if (axis === 0 || updates.type.shape.join() !== shape.with(axis, steps).join() || steps > length)
    context.fail(
      `cannot write [${updates.type.shape.join(", ")}] into [${shape.join(", ")}] along axis ${axis}`,
    );
  if (mode !== "linear" && mode !== "circular") context.fail(`has no mode ${mode}; use linear or circular`);
  const inner = elementCount(shape.slice(axis + 1));
  const rows = elementCount(shape.slice(0, axis));
  const rowsOfBatch = elementCount(shape.slice(1, axis));
  const inputs = context.has(2) ? [cache, updates, context.input(2)] : [cache, updates];
  return context.host([cache.type], inputs, ([data, of, starts]) => {
    const first = starts === undefined ? undefined : valuesOf(starts);
    const positions = Int32Array.from({ length: rows * steps * inner }, (_, i) => {
      const row = Math.floor(i / (steps * inner));
      const step = (first?.[Math.floor(row / rowsOfBatch)] ?? 0) + (Math.floor(i / inner) % steps);
      if (step < 0 || (mode === "linear" && step >= length))
        context.fail(`writes step ${step} of a cache of ${length}`);
      return (row * length + (step % length)) * inner + (i % inner);
    });
    return [put(data!, positions, of!)];
  });
};

export const scattering: OperatorTable = {
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  TensorScatter: tensorScatter,
};
