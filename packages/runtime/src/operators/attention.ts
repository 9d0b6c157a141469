/** ONNX Attention (opset 23 to 25), in kernels. */
import { type DType, dtypes, isDType } from "@bitbudget/core";
import { elementType, findAttribute, getFloat, getInt } from "@bitbudget/onnx";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import {
  attentionBias,
  attentionBiasByEnds,
  type Bias,
  type BiasOptions,
  extendMask,
  type Window,
} from "./attention-bias.ts";
import {
  attentionScores,
  attentionSoftmax,
  biased,
  canFuse,
  fusedAttention,
  joinHeads,
  multiplyHeads,
  softcapped,
  splitHeads,
  widened,
  widenedType,
} from "./attention-core.ts";
import type { OperatorTable } from "./index.ts";
import { cast, concat } from "./moves.ts";

/** Inputs by their places. */
const [Q, K, V, MASK, PAST_KEY, PAST_VALUE, NONPAD] = [0, 1, 2, 3, 4, 5, 6] as const;

function attention(context: Lowering): readonly Value[] {
  const { node } = context;
  const [q, newKey, newValue] = [
    headsOf(context, Q, "q_num_heads"),
    headsOf(context, K, "kv_num_heads"),
    headsOf(context, V, "kv_num_heads"),
  ];
  const mode = getInt(node, "qk_matmul_output_mode", 0);
  if (![0, 1, 2, 3].includes(mode)) context.fail("has an unknown qk_matmul_output_mode; use 0 to 3");
  if (context.has(PAST_KEY) !== context.has(PAST_VALUE))
    context.fail("needs past_key and past_value together");
  if (context.has(NONPAD) && context.has(PAST_KEY))
    context.fail("takes a cache either from past_key and past_value or with nonpad_kv_seqlen, not both");
  const k = context.has(PAST_KEY) ? concat(context, [context.input(PAST_KEY), newKey], 2) : newKey;
  const v = context.has(PAST_VALUE) ? concat(context, [context.input(PAST_VALUE), newValue], 2) : newValue;

  const [, , queries = 0, size = 0] = q.type.shape;
  const [, , keys = 0] = k.type.shape;
  const { dtype } = q.type;
  const [, , past = 0] = context.has(PAST_KEY) ? context.input(PAST_KEY).type.shape : [];
  const window = windowOf(context);
  const biasOf = (options: Pick<BiasOptions, "dtype" | "window" | "filled">): Bias | undefined => {
    const mask = context.has(MASK) ? extendMask(context, context.input(MASK), keys) : undefined;
    const common = { ...options, queries, keys, mask };
    return context.has(NONPAD)
      ? attentionBiasByEnds(context, common, context.input(NONPAD))
      : attentionBias(context, { ...common, spans: [{ first: past, end: keys }] });
  };
  const scale = getFloat(node, "scale", 1 / Math.sqrt(size));
  const isThree = context.input(Q).type.shape.length === 3;
  if (isPlain(context, dtype) && canFuse(context, q, k, v)) {
    // The queries of the kernel are the last of the sequence.
    const causal = window.causal && !context.has(NONPAD) && past + queries === keys;
    const rest = causal ? { ...window, causal: false } : window;
    const mask = biasOf({ dtype, window: rest, filled: true })?.value;
    const y = fusedAttention(context, [q, k, v], { scale, causal, mask });
    if (y !== undefined) return [isThree ? joinHeads(context, y) : y, k, v];
  }

  const wide = widened(context, q);
  const bias = biasOf({ dtype: wide.type.dtype, window });
  const raw = attentionScores(context, wide, cast(context, k, wide.type.dtype), scale);
  const capped = softcapped(context, raw, getFloat(node, "softcap", 0));
  const logits = biased(context, capped, bias);
  const precise = cast(context, logits, softmaxPrecision(context, wide.type.dtype));
  const weights = attentionSoftmax(context, precise, { bias });
  const y = multiplyHeads(context, weights, cast(context, v, weights.type.dtype));
  const result = cast(context, isThree ? joinHeads(context, y) : y, dtype);
  const stage = [raw, capped, logits, weights][mode]!;
  return context.outputCount < 4 ? [result, k, v] : [result, k, v, cast(context, stage, dtype)];
}

/** Whether nobody asks for the scores, or for a step or a format that the kernel does not have. */
function isPlain(context: Lowering, dtype: DType): boolean {
  const wide = widenedType(dtype);
  const isCapped = getFloat(context.node, "softcap", 0) !== 0;
  return context.outputCount < 4 && !isCapped && softmaxPrecision(context, wide) === wide;
}

/** An input as [batch, heads, sequence, size]. */
function headsOf(context: Lowering, index: number, attribute: string): Value {
  const x = context.input(index);
  const { shape } = x.type;
  if (shape.length === 4) return x;
  if (shape.length !== 3)
    context.fail(`input ${index} has the shape [${shape.join(", ")}], needs three or four dimensions`);
  return splitHeads(context, x, getInt(context.node, attribute));
}

function windowOf({ node }: Lowering): Window {
  return {
    causal: getInt(node, "is_causal", 0) !== 0,
    left: getInt(node, "left_window_size", -1),
    right: getInt(node, "right_window_size", -1),
  };
}

/** The format of a softmax: the one that `softmax_precision` names, if that is wider. */
export function softmaxPrecision(context: Lowering, dtype: DType): DType {
  if (findAttribute(context.node, "softmax_precision") === undefined) return dtype;
  const number = getInt(context.node, "softmax_precision");
  const named = elementType(number);
  if (!isDType(named) || dtypes[named].kind !== "float")
    return context.fail(`has softmax_precision ${number}, which is no format of floats`);
  return dtypes[named].bits > dtypes[dtype].bits ? named : dtype;
}

export const attentions: OperatorTable = { Attention: attention };
