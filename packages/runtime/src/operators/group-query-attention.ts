/**
 * com.microsoft GroupQueryAttention: heads that share keys and values, a cache of them, rotary positions. How far each
 * sequence is must be known to plan it (`seqlens_k`), so that every step of a generation is planned by itself.
 */
import { tensor } from "@bitbudget/core";
import { getFloat, getInt, getString } from "@bitbudget/onnx";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { attentionBias, extendMask } from "./attention-bias.ts";
import {
  attentionScores,
  attentionSoftmax,
  biased,
  joinHeads,
  multiplyHeads,
  softcapped,
  splitHeads,
  widened,
} from "./attention-core.ts";
import { along, number } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { cast, concat, pad, sliceAxis } from "./moves.ts";
import { rotate, rotationAt } from "./rotary.ts";

/** Inputs by their places. */
const [QUERY, KEY, VALUE, PAST_KEY, PAST_VALUE, LENGTHS, TOTAL, COS, SIN, POSITIONS, BIAS, SINK] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
] as const;

function groupQueryAttention(context: Lowering): readonly Value[] {
  const { node } = context;
  checkSupported(context);
  const [heads, shared] = [getInt(node, "num_heads"), getInt(node, "kv_num_heads")];
  const [packedQuery, packedKey, newValue] = unpack(context, heads, shared);
  const [batch = 0, , queries = 0, size = 0] = packedQuery.type.shape;
  const { dtype } = packedQuery.type;
  const ends = context.integers(LENGTHS).map((length) => length + 1);
  const total = context.scalar(TOTAL);
  if (ends.length !== batch) context.fail(`has ${ends.length} lengths for ${batch} sequences`);
  // The first tokens of a sequence may be padded; later ones stand right behind the cache.
  const pasts = ends.map((end) => (queries === total ? 0 : end - queries));
  if (pasts.some((past) => past < 0)) context.fail("has sequences that are shorter than its queries");

  const turn = (x: Value) => rotated(context, x, pasts);
  const q = turn(packedQuery);
  const k = extendCache(context, PAST_KEY, turn(packedKey), pasts, total);
  const v = extendCache(context, PAST_VALUE, newValue, pasts, total);
  const [, , keys = 0] = k.type.shape;
  const wide = widened(context, q);
  const causal = getInt(node, "causal", 1) !== 0;
  const spans = pasts.map((first, b) => ({ first, end: causal ? keys : (ends[b] ?? keys) }));
  const alike = spans.every(({ first, end }) => first === spans[0]?.first && end === spans[0]?.end);
  const bias = attentionBias(context, {
    dtype: wide.type.dtype,
    queries,
    keys,
    window: { causal, left: localWindow(context), right: -1 },
    spans: alike ? spans.slice(0, 1) : spans,
    mask: context.has(BIAS) ? extendMask(context, context.input(BIAS), keys) : undefined,
    filled: true,
  });

  const scale = getFloat(node, "scale", 0);
  const raw = attentionScores(context, wide, widened(context, k), scale === 0 ? 1 / Math.sqrt(size) : scale);
  const logits = biased(context, softcapped(context, raw, getFloat(node, "softcap", 0)), bias);
  const weights = attentionSoftmax(context, logits, { bias, sink: sinkOf(context) });
  const y = cast(context, joinHeads(context, multiplyHeads(context, weights, widened(context, v))), dtype);
  const mode = getInt(node, "qk_output", 0);
  if (mode === 0 || context.outputCount < 4) return [y, k, v];
  const shown = sliceAxis(context, mode === 1 ? logits : weights, 3, 0, total);
  return [y, k, v, cast(context, shown, dtype)];
}

function checkSupported(context: Lowering): void {
  const { node } = context;
  for (const attribute of ["k_quant_type", "v_quant_type"])
    if (getString(node, attribute, "NONE") !== "NONE")
      context.fail(`has ${attribute}: its cache must be floats`);
  if (getInt(node, "sliding_window_cache", 0) !== 0)
    context.fail("has sliding_window_cache: its cache must hold the whole sequence");
  if (context.has(14) || context.has(15))
    context.fail("has q_norm_weight or k_norm_weight; normalize queries and keys before it");
}

/** Queries, keys and values of the new tokens, [batch, heads, sequence, size]. */
function unpack(context: Lowering, heads: number, shared: number): [Value, Value, Value] {
  const query = context.input(QUERY);
  if (context.has(KEY))
    return [
      splitHeads(context, query, heads),
      splitHeads(context, context.input(KEY), shared),
      splitHeads(context, context.input(VALUE), shared),
    ];
  const [width = 0] = query.type.shape.slice(-1);
  const size = width / (heads + 2 * shared);
  const part = (first: number, count: number) =>
    splitHeads(context, sliceAxis(context, query, 2, first * size, count * size), count);
  return [part(0, heads), part(heads, shared), part(heads + shared, shared)];
}

function rotated(context: Lowering, x: Value, pasts: readonly number[]): Value {
  if (getInt(context.node, "do_rotary", 0) === 0) return x;
  const [batch = 0, , length = 0] = x.type.shape;
  const positions = context.has(POSITIONS)
    ? context.input(POSITIONS)
    : context.known(
        tensor(
          "int32",
          [batch, length],
          Int32Array.from(
            { length: batch * length },
            (_, i) => (pasts[Math.floor(i / length)] ?? 0) + (i % length),
          ),
        ),
      );
  const interleaved = getInt(context.node, "rotary_interleaved", 0) !== 0;
  const rotation = rotationAt(context, context.input(COS), context.input(SIN), positions, interleaved);
  return rotate(context, x, 2, rotation);
}

/** Past and new tokens of each sequence, one behind the other, and zeros up to the length of the cache. */
function extendCache(
  context: Lowering,
  index: number,
  added: Value,
  pasts: readonly number[],
  total: number,
): Value {
  const [, , count = 0] = added.type.shape;
  const past = context.inputs[index];
  const [, , capacity = 0] = past?.type.shape ?? [];
  const length = Math.max(total, capacity);
  const join = (cache: Value | undefined, tokens: Value, used: number): Value => {
    const parts =
      cache === undefined || used === 0 ? [tokens] : [sliceAxis(context, cache, 2, 0, used), tokens];
    const missing = length - used - count;
    const pads: [number, number][] = [
      [0, 0],
      [0, 0],
      [0, missing],
      [0, 0],
    ];
    return pad(context, concat(context, parts, 2), { pads, mode: "constant" });
  };
  const [first = 0] = pasts;
  if (pasts.every((used) => used === first)) return join(past, added, first);
  const sequences = pasts.map((used, b) => {
    const one = (x: Value) => sliceAxis(context, x, 0, b, 1);
    return join(past && one(past), one(added), used);
  });
  return concat(context, sequences, 0);
}

/** Keys before a query's own that it sees; -1: all. The attribute counts its own, too. */
function localWindow({ node }: Lowering): number {
  const size = getInt(node, "local_window_size", -1);
  return size < 0 ? -1 : Math.max(0, size - 1);
}

/** A logit for each head that takes part in the softmax: learned, or 0. */
function sinkOf(context: Lowering): Value | undefined {
  const given = context.inputs[SINK];
  if (given !== undefined) return widened(context, along(context, given, 1, 4));
  return getInt(context.node, "smooth_softmax", 0) === 1 ? number(context, "float32", 0) : undefined;
}

export const groupQueryAttentions: OperatorTable = { GroupQueryAttention: groupQueryAttention };
