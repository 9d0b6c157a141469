/** Scaled dot-product attention (Vaswani et al. 2017) in primitives, shared by all operators of that kind. */
import { tensor } from "@bitbudget/core";
import type { Value } from "../graph/builder.ts";
import type { Ops } from "../graph/ops.ts";
import type { Forward } from "./operator.ts";

/** [batch, sequence, heads * size] to [batch, heads, sequence, size]. */
export function splitHeads({ ops, fail }: Forward, x: Value, heads: number): Value {
  const [batch = 0, length = 0, width = 0] = x.shape;
  if (heads <= 0 || width % heads !== 0)
    fail(`a hidden size of ${width} does not divide into ${heads} heads`);
  return ops.transpose(ops.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** [batch, heads, sequence, size] to [batch, sequence, heads * size]. */
export function joinHeads(ops: Ops, x: Value): Value {
  const [batch = 0, heads = 0, length = 0, size = 0] = x.shape;
  return ops.reshape(ops.transpose(x, [0, 2, 1, 3]), [batch, length, heads * size]);
}

/** [batch, heads, m, k] times [batch, fewer heads, k, n]: a head of b serves a group of consecutive heads of a. */
function multiplyHeads({ ops, fail }: Forward, a: Value, b: Value): Value {
  const [batch = 0, heads = 0, m = 0, k = 0] = a.shape;
  const [, shared = 0, , n = 0] = b.shape;
  if (shared === heads) return ops.matmul(a, b);
  if (shared === 0 || heads % shared !== 0)
    fail(`${shared} heads of keys and values do not divide ${heads} heads of queries`);
  const groups = ops.reshape(a, [batch, shared, heads / shared, m, k]);
  return ops.reshape(ops.matmul(groups, ops.reshape(b, [batch, shared, 1, k, n])), [batch, heads, m, n]);
}

export interface AttentionParts {
  /** [batch, heads, sequence, size] each; keys and values may have fewer heads. */
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly scale: number;
  /** Scores become softcap * tanh(scores / softcap); 0 leaves them. */
  readonly softcap?: number;
  /** Added to the scores. */
  readonly bias: Value | undefined;
  /** Whether `bias` may hide all keys from a query, which then gets 0. */
  readonly mayHideAll: boolean;
}

export interface Attended {
  /** [batch, heads, queries, size of values] */
  readonly y: Value;
  /** q k^T * scale, then capped, then with the bias, then the softmax: [batch, heads, queries, keys]. */
  readonly stages: readonly [Value, Value, Value, Value];
}

export function attend(forward: Forward, parts: AttentionParts): Attended {
  const { ops } = forward;
  const { q, k, v, scale, softcap = 0, bias, mayHideAll } = parts;
  const raw = multiplyHeads(forward, ops.scale(q, scale), ops.transposed(k));
  const capped = softcap === 0 ? raw : ops.scale(ops.unary("Tanh", ops.scale(raw, 1 / softcap)), softcap);
  const logits = bias === undefined ? capped : ops.add(capped, bias);
  const softmax = (x: Value) => ops.unary("Softmax", x, { axis: -1n });
  let weights: Value;
  if (bias === undefined || !mayHideAll) weights = softmax(logits);
  else {
    // A softmax of nothing but -infinity is not a number, and neither is its gradient.
    const zero = ops.scalar(0, q.dtype);
    const best = ops.reduce("ReduceMax", bias, [bias.shape.length - 1]);
    const hidden = ops.compare("Equal", best, ops.scalar(Number.NEGATIVE_INFINITY, q.dtype));
    weights = ops.where(hidden, zero, softmax(ops.add(capped, ops.where(hidden, zero, bias))));
  }
  return { y: multiplyHeads(forward, weights, v), stages: [raw, capped, logits, weights] };
}

/** Keys that the place of a query allows: those from place - left to place + right, of which -1 leaves a side open. */
export interface Window {
  readonly causal: boolean;
  readonly left: number;
  readonly right: number;
}

/**
 * 0 where a query may see a key, else -infinity: [queries, keys]. Undefined where every query sees every key.
 * @param first place of the first query among the keys
 */
export function placesBias(
  ops: Ops,
  { dtype }: Value,
  [queries, keys]: readonly [number, number],
  first: number,
  { causal, left, right }: Window,
): Value | undefined {
  const numbers = Float64Array.from({ length: queries * keys }, (_, i) => {
    const distance = (i % keys) - Math.floor(i / keys) - first;
    const sees =
      !(causal && distance > 0) && !(left >= 0 && distance < -left) && !(right >= 0 && distance > right);
    return sees ? 0 : Number.NEGATIVE_INFINITY;
  });
  if (numbers.every((x) => x === 0)) return undefined;
  return ops.constant(tensor(dtype, [queries, keys], numbers));
}

/** The sum of what there is. */
export function sumOf(ops: Ops, ...values: (Value | undefined)[]): Value | undefined {
  return values.reduce((a, b) => (a && b ? ops.add(a, b) : (a ?? b)), undefined);
}
