/**
 * Moves of whole tensors, as kernels of the backend. Those take elements of whole bytes: elements of less than a byte are
 * widened for the move, which is exact, and narrowed again.
 */
import type { PadAttributes } from "@bitbudget/backend";
import { type DType, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";

/** The same numbers in another format. */
export function cast(context: Lowering, x: Value, to: DType): Value {
  if (x.type.dtype === to) return x;
  return context.kernel({ op: "cast", inputs: [x.type], attributes: { to } }, [x]);
}

/** Output axis i is input axis perm[i]. Free where no axis of more than one element passes another. */
export function transpose(context: Lowering, x: Value, perm: readonly number[]): Value {
  const { shape } = x.type;
  const long = perm.filter((axis) => shape[axis] !== 1);
  const result = perm.map((axis) => shape[axis] ?? 1);
  if (long.every((axis, i) => i === 0 || axis > long[i - 1]!)) return context.reshape(x, result);
  return inWholeBytes(context, x, (wide) =>
    context.kernel({ op: "transpose", inputs: [wide.type], attributes: { perm } }, [wide]),
  );
}

/** For each axis: the first position, the distance to the next, and how many. */
export function slice(
  context: Lowering,
  x: Value,
  starts: readonly number[],
  steps: readonly number[],
  sizes: readonly number[],
): Value {
  if (x.type.shape.every((length, axis) => sizes[axis] === length && steps[axis] === 1)) return x;
  return inWholeBytes(context, x, (wide) =>
    context.kernel({ op: "slice", inputs: [wide.type], attributes: { starts, steps, sizes } }, [wide]),
  );
}

/** Positions `start` to `start + size - 1` of one axis. */
export function sliceAxis(context: Lowering, x: Value, axis: number, start: number, size: number): Value {
  const { shape } = x.type;
  return slice(
    context,
    x,
    shape.map((_, i) => (i === axis ? start : 0)),
    shape.map(() => 1),
    shape.with(axis, size),
  );
}

/** Broadcasts to a shape of at least as many axes. Free where that adds nothing but axes of length 1. */
export function expand(context: Lowering, x: Value, shape: readonly number[]): Value {
  const { length: rank } = x.type.shape;
  const from = context.reshape(x, [...new Array<number>(shape.length - rank).fill(1), ...x.type.shape]);
  if (from.type.shape.every((length, axis) => length === shape[axis])) return from;
  return inWholeBytes(context, from, (wide) =>
    context.kernel({ op: "expand", inputs: [wide.type], attributes: { shape } }, [wide]),
  );
}

/** Joins tensors of one format along an axis. */
export function concat(context: Lowering, parts: readonly Value[], axis: number): Value {
  const [first] = parts;
  if (first === undefined) context.fail("has nothing to join");
  if (parts.length === 1) return first;
  const { dtype } = first.type;
  const wide = parts.map((part) => cast(context, part, widened[dtype] ?? dtype));
  const inputs = wide.map(({ type }) => type);
  return cast(context, context.kernel({ op: "concat", inputs, attributes: { axis } }, wide), dtype);
}

/** The slices of an axis that integers pick, negative ones counted from the end. */
export function gather(context: Lowering, x: Value, indices: Value, axis: number): Value {
  const positions = toInt32(context, indices);
  return inWholeBytes(context, x, (wide) => {
    const inputs = [wide.type, positions.type];
    return context.kernel({ op: "gather", inputs, attributes: { axis } }, [wide, positions]);
  });
}

/** Slices added up at their indices: the transpose of gather. */
export function scatterAdd(
  context: Lowering,
  indices: Value,
  updates: Value,
  axis: number,
  size: number,
): Value {
  const positions = toInt32(context, indices);
  const inputs = [positions.type, updates.type];
  return context.kernel({ op: "scatterAdd", inputs, attributes: { axis, size } }, [positions, updates]);
}

export function pad(context: Lowering, x: Value, attributes: PadAttributes): Value {
  if (attributes.pads.every(([before, after]) => before === 0 && after === 0)) return x;
  return inWholeBytes(context, x, (wide) =>
    context.kernel({ op: "pad", inputs: [wide.type], attributes }, [wide]),
  );
}

/** Indices in the format that kernels read them in. Those that are known cost nothing at run time. */
function toInt32(context: Lowering, indices: Value): Value {
  const { constant } = indices;
  if (constant === undefined || constant.dtype === "int32") return cast(context, indices, "int32");
  const narrow = (): HostTensor => tensor("int32", constant.shape, valuesOf(constant));
  return context.known({ ...context.derived(constant, "int32", narrow), shape: indices.type.shape });
}

/** Formats of less than a byte, and what holds their numbers in whole bytes. */
const widened: { readonly [D in DType]?: DType } = {
  int4: "int8",
  int2: "int8",
  uint4: "uint8",
  uint2: "uint8",
  float4_e2m1: "float32",
};

function inWholeBytes(context: Lowering, x: Value, move: (wide: Value) => Value): Value {
  const { dtype } = x.type;
  const wide = widened[dtype];
  return wide === undefined ? move(x) : cast(context, move(cast(context, x, wide)), dtype);
}
