/** ONNX Attention (opset 23 to 25). */
import { findAttribute, getFloat, getInt } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import { attend, joinHeads, placesBias, splitHeads, sumOf } from "./attention-core.ts";
import type { Forward, OperatorTable, TrainingOperator } from "./operator.ts";

/** Inputs by their places. */
const [Q, K, V, MASK, PAST_KEY, PAST_VALUE, NONPAD] = [0, 1, 2, 3, 4, 5, 6] as const;

const attention: TrainingOperator = (forward) => {
  const { ops, node, inputs, outputs, input, fail } = forward;
  if (inputs[NONPAD] !== undefined) fail("it has nonpad_kv_seqlen, which is for a cache; use a mask");
  if (findAttribute(node, "softmax_precision") !== undefined && input(Q).dtype === "float16")
    fail("it has a precision of its own for its softmax; cast its inputs");
  const [q, newKey, newValue] = [
    headsOf(forward, Q, "q_num_heads"),
    headsOf(forward, K, "kv_num_heads"),
    headsOf(forward, V, "kv_num_heads"),
  ];
  const k = inputs[PAST_KEY] === undefined ? newKey : ops.concat([inputs[PAST_KEY], newKey], 2);
  const v = inputs[PAST_VALUE] === undefined ? newValue : ops.concat([inputs[PAST_VALUE], newValue], 2);
  const [queries = 0, size = 0] = q.shape.slice(2);
  const [keys = 0] = k.shape.slice(2);
  const window = {
    causal: getInt(node, "is_causal", 0) !== 0,
    left: getInt(node, "left_window_size", -1),
    right: getInt(node, "right_window_size", -1),
  };
  const places = placesBias(ops, q, [queries, keys], inputs[PAST_KEY]?.shape[2] ?? 0, window);
  const mask = inputs[MASK] && maskBias(forward, inputs[MASK], keys, q);
  const { y, stages } = attend(forward, {
    ...{ q, k, v },
    scale: getFloat(node, "scale", 1 / Math.sqrt(size)),
    softcap: getFloat(node, "softcap", 0),
    bias: sumOf(ops, mask, places),
    mayHideAll: mask !== undefined || (places !== undefined && queries > keys),
  });
  const mode = getInt(node, "qk_matmul_output_mode", 0);
  const stage = outputs[3] && (stages[mode] ?? fail(`it has the unknown qk_matmul_output_mode ${mode}`));
  return [input(Q).shape.length === 3 ? joinHeads(ops, y) : y, k, v, stage];
};

/** An input as [batch, heads, sequence, size]. */
function headsOf(forward: Forward, i: number, attribute: string): Value {
  const x = forward.input(i);
  return x.shape.length === 4 ? x : splitHeads(forward, x, getInt(forward.node, attribute));
}

/** Booleans say which keys count; numbers are added as they are. */
function maskBias({ ops, fail }: Forward, mask: Value, keys: number, { dtype }: Value): Value {
  if (![1, keys].includes(mask.shape.at(-1) ?? 1))
    fail(`its mask is for ${mask.shape.at(-1)} of ${keys} keys; make it as long as the keys`);
  if (mask.dtype !== "bool") return ops.cast(mask, dtype);
  return ops.where(mask, ops.scalar(0, dtype), ops.scalar(Number.NEGATIVE_INFINITY, dtype));
}

export const attentions: OperatorTable = { Attention: attention };
