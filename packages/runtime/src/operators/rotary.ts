/** Rotary position embeddings (Su et al. 2021): ONNX RotaryEmbedding and com.microsoft RotaryEmbedding, in kernels. */
import { tensor } from "@bitbudget/core";
import { getFloat, getInt } from "@bitbudget/onnx";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { binary } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { concat, gather, slice, sliceAxis } from "./moves.ts";

/** Cosines and sines of each position, [batch, sequence, half of the rotated size]; the batch may be 1. */
export interface Rotation {
  readonly cos: Value;
  readonly sin: Value;
  /** Whether neighbours make a pair, or the first half of the features and the second. */
  readonly interleaved: boolean;
}

/**
 * Rotates pairs of the first features of each head; the features beyond those stay.
 * @param x [batch, heads, sequence, size], or [batch, sequence, heads, size]
 * @param sequenceAxis 2 or 1
 */
export function rotate(context: Lowering, x: Value, sequenceAxis: 1 | 2, rotation: Rotation): Value {
  const { shape } = x.type;
  const [batch = 0, length = 0, half = 0] = rotation.cos.type.shape;
  const [size = 0] = shape.slice(-1);
  if (2 * half > size) context.fail(`rotates ${2 * half} features of heads that have ${size}`);
  if (length !== shape[sequenceAxis] || (batch !== 1 && batch !== shape[0]))
    context.fail(
      `has positions for ${batch} sequences of ${length}, and ${shape[0]} sequences of ${shape[sequenceAxis]}`,
    );
  const spread = sequenceAxis === 2 ? [batch, 1, length, half] : [batch, length, 1, half];
  const [cos, sin] = [context.reshape(rotation.cos, spread), context.reshape(rotation.sin, spread)];

  const [first, second] = pairs(context, x, half, rotation.interleaved);
  const times = (a: Value, b: Value) => binary(context, "mul", a, b);
  const real = binary(context, "sub", times(cos, first), times(sin, second));
  const imaginary = binary(context, "add", times(sin, first), times(cos, second));
  const rotated = rotation.interleaved
    ? interleave(context, real, imaginary)
    : concat(context, [real, imaginary], 3);
  if (2 * half === size) return rotated;
  return concat(context, [rotated, sliceAxis(context, x, 3, 2 * half, size - 2 * half)], 3);
}

function pairs(context: Lowering, x: Value, half: number, interleaved: boolean): [Value, Value] {
  const sizes = x.type.shape.with(3, half);
  const take = (start: number) => {
    const step = interleaved ? 2 : 1;
    return slice(context, x, [0, 0, 0, start], [1, 1, 1, step], sizes);
  };
  return [take(0), take(interleaved ? 1 : half)];
}

function interleave(context: Lowering, a: Value, b: Value): Value {
  const { shape } = a.type;
  const columns = [a, b].map((value) => context.reshape(value, [...shape, 1]));
  return context.reshape(concat(context, columns, 4), shape.with(3, 2 * (shape[3] ?? 0)));
}

/** Rows of the caches [positions, half] at [batch, sequence] positions. */
export function rotationAt(
  context: Lowering,
  cos: Value,
  sin: Value,
  positions: Value,
  interleaved: boolean,
): Rotation {
  return { cos: gather(context, cos, positions, 0), sin: gather(context, sin, positions, 0), interleaved };
}

/** Rotates [batch, heads, sequence, size], or [batch, sequence, heads * size]. */
function rotateInput(context: Lowering, x: Value, heads: number, rotation: Rotation): Value {
  const { shape } = x.type;
  if (shape.length === 4) return rotate(context, x, 2, rotation);
  const [batch = 0, length = 0, width = 0] = shape;
  if (shape.length !== 3)
    context.fail(`has an input of shape [${shape.join(", ")}], needs three or four dimensions`);
  if (heads <= 0 || width % heads !== 0)
    context.fail(`cannot divide a hidden size of ${width} into ${heads} heads (num_heads)`);
  const apart = context.reshape(x, [batch, length, heads, width / heads]);
  return context.reshape(rotate(context, apart, 1, rotation), shape);
}

/** ONNX: X, cos_cache, sin_cache, position_ids. */
function rotaryEmbedding(context: Lowering): readonly Value[] {
  const { node } = context;
  const [x, cos, sin] = [context.input(0), context.input(1), context.input(2)];
  const interleaved = getInt(node, "interleaved", 0) !== 0;
  const rotation = context.has(3)
    ? rotationAt(context, cos, sin, context.input(3), interleaved)
    : { cos, sin, interleaved };
  checkRotatedSize(context, cos);
  return [rotateInput(context, x, getInt(node, "num_heads", 0), rotation)];
}

/** com.microsoft: input, position_ids ([1], the first position, or [batch, sequence]), cos_cache, sin_cache. */
function microsoftRotaryEmbedding(context: Lowering): readonly Value[] {
  const { node } = context;
  const [x, positions, cos, sin] = [context.input(0), context.input(1), context.input(2), context.input(3)];
  if (getInt(node, "is_packed_batching", 0) !== 0)
    context.fail("has is_packed_batching, which is not supported; pad the sequences");
  if (getFloat(node, "scale", 1) !== 1)
    context.fail("has a scale, which onnxruntime leaves unused; multiply its input instead");
  const { shape } = x.type;
  const length = (shape.length === 4 ? shape[2] : shape[1]) ?? 0;
  const [width = 0] = shape.slice(-1);
  const heads = getInt(node, "num_heads", 0);
  const [, half = 0] = cos.type.shape;
  const rotation = rotationAt(
    context,
    cos,
    sin,
    positions.type.shape.length === 2 ? positions : positionsFrom(context, positions, length),
    getInt(node, "interleaved", 0) !== 0,
  );
  checkRotatedSize(context, cos);
  // Without num_heads the caches are as long as half of a head.
  return [rotateInput(context, x, heads > 0 ? heads : width / (2 * half), rotation)];
}

function checkRotatedSize(context: Lowering, cos: Value): void {
  const size = getInt(context.node, "rotary_embedding_dim", 0);
  const half = cos.type.shape.at(-1) ?? 0;
  if (size !== 0 && size !== 2 * half)
    context.fail(`has rotary_embedding_dim ${size}, but caches for ${2 * half}`);
}

/** [1, length] positions from a first one on. */
function positionsFrom(context: Lowering, first: Value, length: number): Value {
  const steps = tensor(
    "int64",
    [1, length],
    Array.from({ length }, (_, i) => i),
  );
  return binary(context, "add", context.known(steps), context.reshape(first, [1, 1]));
}

export const rotary: OperatorTable = { RotaryEmbedding: rotaryEmbedding };
export const microsoftRotary: OperatorTable = { RotaryEmbedding: microsoftRotaryEmbedding };
