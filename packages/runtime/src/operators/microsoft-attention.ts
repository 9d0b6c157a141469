/** com.microsoft Attention, QAttention and MultiHeadAttention: onnxruntime's own forms of attention, in kernels. */
import { type DType, tensor } from "@bitbudget/core";
import { getFloat, getInt, getInts } from "@bitbudget/onnx";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { attentionBias } from "./attention-bias.ts";
import {
  attentionScores,
  attentionSoftmax,
  biased,
  joinHeads,
  multiplyHeads,
  splitHeads,
  widened,
} from "./attention-core.ts";
import { binary, number, where } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { cast, concat, sliceAxis } from "./moves.ts";

interface Parts {
  /** [batch, heads, sequence, size], keys and values with the past in front. */
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly past: number;
  readonly padding: Value | undefined;
  readonly attentionBias: Value | undefined;
}

/** The output, and the scores before the softmax. */
function attend(context: Lowering, parts: Parts): { readonly y: Value; readonly scores: Value } {
  const { past } = parts;
  const { node } = context;
  const [q, k, v] = [widened(context, parts.q), widened(context, parts.k), widened(context, parts.v)];
  const [, , queries = 0, size = 0] = q.type.shape;
  const [, , keys = 0] = k.type.shape;
  const given = getFloat(node, "scale", 0);
  const masks = [parts.padding, parts.attentionBias].filter((mask) => mask !== undefined);
  const [first, second] = masks;
  const mask = first && second ? binary(context, "add", first, second) : first;
  const bias = attentionBias(context, {
    dtype: q.type.dtype,
    queries,
    keys,
    window: { causal: getInt(node, "unidirectional", 0) !== 0, left: -1, right: -1 },
    spans: [{ first: past, end: keys }],
    mask,
    filled: true,
  });
  const scores = attentionScores(context, q, k, given === 0 ? 1 / Math.sqrt(size) : given);
  const weights = attentionSoftmax(context, biased(context, scores, bias), { bias });
  const y = joinHeads(context, multiplyHeads(context, weights, v));
  const { dtype } = parts.q.type;
  return { y: cast(context, y, dtype), scores: cast(context, scores, dtype) };
}

interface MaskSizes {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly dtype: DType;
}

/**
 * A mask of integers as numbers to add: 0 or `mask_filter_value`. It says for each key whether it counts ([batch, keys] or
 * [batch, queries, keys]), or where the keys that count end ([batch]), or end and begin ([2 * batch]).
 */
function paddingBias(context: Lowering, mask: Value, sizes: MaskSizes): Value {
  const { batch, queries, keys, dtype } = sizes;
  const { shape } = mask.type;
  const [first = 0, ...others] = shape;
  let counts: Value;
  if (shape.length === 1 && (first === batch || first === 2 * batch)) {
    const at = (start: number) =>
      cast(context, context.reshape(sliceAxis(context, mask, 0, start, batch), [batch, 1, 1, 1]), "int32");
    const positions = context.known(
      tensor(
        "int32",
        [keys],
        Int32Array.from({ length: keys }, (_, j) => j),
      ),
    );
    counts = binary(context, "less", positions, at(0));
    if (first === 2 * batch)
      counts = binary(context, "and", counts, binary(context, "greaterOrEqual", positions, at(batch)));
  } else if (others.join() === `${keys}` || others.join() === `${queries},${keys}`) {
    const spread = context.reshape(mask, [first, 1, others.length === 1 ? 1 : queries, keys]);
    counts = binary(context, "greater", cast(context, spread, "int32"), number(context, "int32", 0));
  } else {
    return context.fail(
      `has a mask of the shape [${shape.join(", ")}], needs [${batch}], [${2 * batch}], [${batch}, ${keys}] or [${batch}, ${queries}, ${keys}]`,
    );
  }
  const filter = number(context, dtype, getFloat(context.node, "mask_filter_value", -10000));
  return where(context, counts, number(context, dtype, 0), filter);
}

/** input, weights, bias, mask_index, past, attention_bias, past_sequence_length. */
function attention(context: Lowering): readonly Value[] {
  const [product] = context.operator("MatMul", [context.input(0), context.input(1)]);
  if (product === undefined) return context.fail("could not be multiplied with its weights");
  const projected = context.has(2) ? binary(context, "add", product, context.input(2)) : product;
  return selfAttention(context, projected, {
    mask: context.inputs[3],
    past: context.inputs[4],
    attentionBias: context.inputs[5],
  });
}

/** input, weights, bias, input_scale, weight_scale, mask_index, input_zero_point, weight_zero_point, past. */
function quantizedAttention(context: Lowering): readonly Value[] {
  const { inputs } = context;
  const operands = [inputs[0], inputs[1], inputs[3], inputs[4], inputs[6], inputs[7], inputs[2]];
  const [projected] = context.operator("MatMulIntegerToFloat", operands, [], "com.microsoft");
  if (projected === undefined) return context.fail("could not be multiplied with its weights");
  return selfAttention(context, projected, { mask: inputs[5], past: inputs[8], attentionBias: undefined });
}

interface SelfAttentionInputs {
  readonly mask: Value | undefined;
  /** Keys and values, [2, batch, heads, length, size]. */
  readonly past: Value | undefined;
  readonly attentionBias: Value | undefined;
}

/** @param projected queries, keys and values side by side, [batch, sequence, width] */
function selfAttention(context: Lowering, projected: Value, inputs: SelfAttentionInputs): readonly Value[] {
  const { node } = context;
  for (const attribute of ["do_rotary", "past_present_share_buffer"])
    if (getInt(node, attribute, 0) !== 0) context.fail(`has ${attribute}, which is not supported`);
  const { dtype, shape } = projected.type;
  const [batch = 0, queries = 0, width = 0] = shape;
  const heads = getInt(node, "num_heads");
  const sizes = getInts(node, "qkv_hidden_sizes", [width / 3, width / 3, width / 3]);
  if (sizes.length !== 3 || sizes.reduce((sum, size) => sum + size, 0) !== width)
    context.fail(`divides ${width} columns of weights into [${sizes.join(", ")}]`);
  let column = 0;
  const [q, newKey, newValue] = sizes.map((size) => {
    column += size;
    return splitHeads(context, sliceAxis(context, projected, 2, column - size, size), heads);
  });
  if (q === undefined || newKey === undefined || newValue === undefined)
    return context.fail("needs queries, keys and values");

  const [pastKey, pastValue] = [0, 1].map((i) => {
    if (inputs.past === undefined) return undefined;
    return context.reshape(sliceAxis(context, inputs.past, 0, i, 1), inputs.past.type.shape.slice(1));
  });
  const k = pastKey === undefined ? newKey : concat(context, [pastKey, newKey], 2);
  const v = pastValue === undefined ? newValue : concat(context, [pastValue, newValue], 2);
  const [, , keys = 0] = k.type.shape;
  const sizesOfMask = { batch, queries, keys, dtype };
  const { y } = attend(context, {
    q,
    k,
    v,
    past: keys - queries,
    padding: inputs.mask && paddingBias(context, inputs.mask, sizesOfMask),
    attentionBias: inputs.attentionBias,
  });
  if (context.outputCount < 2) return [y];
  const stacked = [k, v].map((state) => context.reshape(state, [1, ...state.type.shape]));
  return [y, concat(context, stacked, 0)];
}

/** query, key, value, bias, key_padding_mask, attention_bias, past_key, past_value. */
function multiHeadAttention(context: Lowering): readonly Value[] {
  const { node } = context;
  for (const index of [8, 9])
    if (context.has(index)) context.fail("shares its buffer of past keys and values, which is not supported");
  const heads = getInt(node, "num_heads");
  const [query, key, value] = unpack(context, heads);
  const [q, newKey, newValue] = withInputBias(context, query, key, value).map((x) =>
    x.type.shape.length === 4 ? x : splitHeads(context, x, heads),
  );
  if (q === undefined || newKey === undefined || newValue === undefined)
    return context.fail("needs queries, keys and values");
  const k = context.has(6) ? concat(context, [context.input(6), newKey], 2) : newKey;
  const v = context.has(7) ? concat(context, [context.input(7), newValue], 2) : newValue;
  const [batch = 0, , queries = 0] = q.type.shape;
  const [, , keys = 0] = k.type.shape;
  const { dtype } = q.type;
  const { y, scores } = attend(context, {
    q,
    k,
    v,
    past: keys - (newKey.type.shape[2] ?? 0),
    padding: context.has(4)
      ? paddingBias(context, context.input(4), { batch, queries, keys, dtype })
      : undefined,
    attentionBias: context.inputs[5],
  });
  return [y, k, v, scores];
}

/** Queries, keys and values, [batch, sequence, hidden] each, or keys and values [batch, heads, sequence, size]. */
function unpack(context: Lowering, heads: number): [Value, Value, Value] {
  const query = context.input(0);
  const part = (packed: Value, index: number): Value => {
    const [batch = 0, length = 0, , , size = 0] = packed.type.shape;
    return context.reshape(sliceAxis(context, packed, 3, index, 1), [batch, length, heads * size]);
  };
  if (query.type.shape.length === 5) return [part(query, 0), part(query, 1), part(query, 2)];
  const key = context.input(1);
  if (key.type.shape.length === 5) return [query, part(key, 0), part(key, 1)];
  return [query, key, context.input(2)];
}

/** The bias of the input projections belongs to what comes from them: not to keys and values that have heads already. */
function withInputBias(context: Lowering, ...parts: [Value, Value, Value]): Value[] {
  const bias = context.inputs[3];
  if (bias === undefined) return parts;
  let start = 0;
  return parts.map((x) => {
    const { shape } = x.type;
    const width = shape.length === 4 ? (shape[1] ?? 0) * (shape[3] ?? 0) : (shape[2] ?? 0);
    start += width;
    if (shape.length === 4) return x;
    return binary(context, "add", x, sliceAxis(context, bias, 0, start - width, width));
  });
}

export const microsoftAttentions: OperatorTable = {
  Attention: attention,
  MultiHeadAttention: multiHeadAttention,
  QAttention: quantizedAttention,
};
