/** Rotary position embeddings (Su et al. 2021): ONNX RotaryEmbedding and com.microsoft RotaryEmbedding. */
import { tensor } from "@bitbudget/core";
import { getFloat, getInt } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import type { Forward, OperatorTable, TrainingOperator } from "./operator.ts";

/**
 * Rotates pairs of the first features of each head, neighbours or the first half with the second; those beyond stay.
 * @param x [batch, heads, sequence, size], or [batch, sequence, heads * size]
 * @param cos and sin: [batch or 1, sequence, half of the rotated size]
 */
function rotated(forward: Forward, x: Value, cos: Value, sin: Value, heads: number): Value {
  const { ops, node, fail } = forward;
  const [batch = 0, length = 0, half = 0] = cos.shape;
  const isPacked = x.shape.length === 3;
  const [width = 0] = x.shape.slice(-1);
  if (isPacked && (heads <= 0 || width % heads !== 0)) fail(`it divides ${width} into ${heads} heads`);
  const apart = isPacked ? ops.reshape(x, [x.shape[0] ?? 0, x.shape[1] ?? 0, heads, width / heads]) : x;
  const spread = isPacked ? [batch, length, 1, half] : [batch, 1, length, half];
  const [c, s] = [ops.reshape(cos, spread), ops.reshape(sin, spread)];
  const size = apart.shape[3] ?? 0;
  if (2 * half > size) fail(`it rotates ${2 * half} features of heads that have ${size}`);
  const turning = ops.sliceAxis(apart, 3, 0, 2 * half);
  const interleaved = getInt(node, "interleaved", 0) !== 0;
  // Pairs along an axis of their own.
  const outer = apart.shape.slice(0, 3);
  const pairs = ops.reshape(turning, interleaved ? [...outer, half, 2] : [...outer, 2, half]);
  const axis = interleaved ? 4 : 3;
  const [first, second] = [0, 1].map((i) => ops.reshape(ops.sliceAxis(pairs, axis, i, 1), [...outer, half]));
  const real = ops.sub(ops.mul(c, first!), ops.mul(s, second!));
  const imaginary = ops.add(ops.mul(s, first!), ops.mul(c, second!));
  const column = interleaved ? [...outer, half, 1] : [...outer, 1, half];
  const joined = ops.concat([ops.reshape(real, column), ops.reshape(imaginary, column)], axis);
  const rest = size === 2 * half ? [] : [ops.sliceAxis(apart, 3, 2 * half, size - 2 * half)];
  return ops.reshape(ops.concat([ops.reshape(joined, [...outer, 2 * half]), ...rest], 3), x.shape);
}

/** Inputs: x, tables of cosines and sines, positions; without those the tables are [batch, sequence, half]. */
const rotaryEmbedding: TrainingOperator = (forward) => {
  const { ops, node, inputs, input } = forward;
  const at = (table: Value) => (inputs[3] === undefined ? table : ops.rows(table, inputs[3]));
  return [rotated(forward, input(0), at(input(1)), at(input(2)), getInt(node, "num_heads", 0))];
};

/** Inputs: x, positions ([1], the first one, or [batch, sequence]), tables of cosines and sines. */
const microsoftRotaryEmbedding: TrainingOperator = (forward) => {
  const { ops, node, input, fail } = forward;
  if (getInt(node, "is_packed_batching", 0) !== 0) fail("it has is_packed_batching; pad the sequences");
  if (getFloat(node, "scale", 1) !== 1) fail("it has a scale; multiply its input instead");
  const x = input(0);
  const given = input(1);
  const [length = 0] = x.shape.slice(-2);
  const steps = () =>
    ops.constant(
      tensor(
        "int64",
        [1, length],
        BigInt64Array.from({ length }, (_, i) => BigInt(i)),
      ),
    );
  const positions = given.shape.length === 2 ? given : ops.add(steps(), ops.reshape(given, [1, 1]));
  const [cos, sin] = [ops.rows(input(2), positions), ops.rows(input(3), positions)];
  const heads = getInt(node, "num_heads", 0);
  // Without num_heads the tables are as long as half of a head.
  const [width = 0] = x.shape.slice(-1);
  return [rotated(forward, x, cos, sin, heads > 0 ? heads : width / (2 * (cos.shape[2] ?? 1)))];
};

export const rotary: OperatorTable = {
  RotaryEmbedding: rotaryEmbedding,
  "com.microsoft.RotaryEmbedding": microsoftRotaryEmbedding,
};
