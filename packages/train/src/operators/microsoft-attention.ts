/** com.microsoft Attention and MultiHeadAttention: onnxruntime's own forms. */
import { getFloat, getInt, getInts } from "@bitbudget/onnx";
import type { Value } from "../graph/builder.ts";
import { attend, joinHeads, placesBias, splitHeads, sumOf } from "./attention-core.ts";
import type { Forward, OperatorTable, TrainingOperator } from "./operator.ts";

interface Parts {
  /** [batch, heads, sequence, size], keys and values with the past in front. */
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  /** Number of keys before the first query's. */
  readonly past: number;
  /** Integers that say which keys count. */
  readonly mask: Value | undefined;
  /** Added to the scores. */
  readonly bias: Value | undefined;
}

/** [batch, queries, heads * size of values] */
function attended(forward: Forward, { q, k, v, past, mask, bias }: Parts): Value {
  const { ops, node } = forward;
  const [queries = 0, size = 0] = q.shape.slice(2);
  const [keys = 0] = k.shape.slice(2);
  const window = { causal: getInt(node, "unidirectional", 0) !== 0, left: -1, right: -1 };
  const given = getFloat(node, "scale", 0);
  const places = placesBias(ops, q, [queries, keys], past, window);
  const padding = mask && paddingBias(forward, mask, q, keys);
  const { y } = attend(forward, {
    ...{ q, k, v, mayHideAll: false },
    scale: given === 0 ? 1 / Math.sqrt(size) : given,
    bias: sumOf(ops, padding, bias, places),
  });
  return joinHeads(ops, y);
}

/**
 * 0 where a key counts, else `mask_filter_value`. The mask says so for each key ([batch, keys] or [batch, queries, keys]),
 * or where the keys that count end ([batch]), or end and begin ([2 * batch]).
 */
function paddingBias({ ops, node, fail }: Forward, given: Value, q: Value, keys: number): Value {
  const [batch = 0, , queries = 0] = q.shape;
  const mask = ops.cast(given, "int32");
  const [first = 0, ...others] = mask.shape;
  const number = (x: number) => ops.scalar(x, q.dtype);
  const choose = (condition: Value) =>
    ops.where(condition, number(0), number(getFloat(node, "mask_filter_value", -10000)));
  if (others.length === 0 && (first === batch || first === 2 * batch)) {
    const places = ops.range(keys, [keys]);
    const at = (start: number) => ops.reshape(ops.sliceAxis(mask, 0, start, batch), [batch, 1, 1, 1]);
    const before = choose(ops.compare("Less", places, at(0)));
    if (first === batch) return before;
    return ops.emit("Min", [before, choose(ops.compare("GreaterOrEqual", places, at(batch)))], [before])[0]!;
  }
  if (others.join() !== `${keys}` && others.join() !== `${queries},${keys}`)
    fail(`its mask has the shape [${mask.shape}], for ${queries} queries and ${keys} keys`);
  const spread = ops.reshape(mask, [first, 1, others.length === 1 ? 1 : queries, keys]);
  return choose(ops.compare("Greater", spread, ops.scalar(0, "int32")));
}

/** Inputs: x, weights and bias of the projections, mask, past [2, batch, heads, length, size], bias of the scores. */
const attention: TrainingOperator = (forward) => {
  const { ops, node, inputs, input, fail } = forward;
  for (const attribute of ["do_rotary", "past_present_share_buffer"])
    if (getInt(node, attribute, 0) !== 0) fail(`it has ${attribute}`);
  const product = ops.matmul(input(0), input(1));
  const projected = inputs[2] === undefined ? product : ops.add(product, inputs[2]);
  const [width = 0] = projected.shape.slice(-1);
  const heads = getInt(node, "num_heads");
  const sizes = getInts(node, "qkv_hidden_sizes", [width / 3, width / 3, width / 3]);
  let column = 0;
  const [q, newKey, newValue] = sizes.map((size) => {
    column += size;
    return splitHeads(forward, ops.sliceAxis(projected, 2, column - size, size), heads);
  });
  if (q === undefined || newKey === undefined || newValue === undefined)
    return fail("it needs sizes of queries, keys and values");
  const past = inputs[4];
  const grown = (added: Value, i: number) =>
    past === undefined
      ? added
      : ops.concat([ops.reshape(ops.sliceAxis(past, 0, i, 1), past.shape.slice(1)), added], 2);
  const [k, v] = [grown(newKey, 0), grown(newValue, 1)];
  const parts = { q, k, v, past: past?.shape[3] ?? 0, mask: inputs[3], bias: inputs[5] };
  const present =
    forward.outputs[1] &&
    ops.concat(
      [k, v].map((x) => ops.reshape(x, [1, ...x.shape])),
      0,
    );
  return [attended(forward, parts), present];
};

/** Inputs: queries, keys, values, bias of the projections, mask, bias of the scores, past keys and values. */
const multiHeadAttention: TrainingOperator = (forward) => {
  const { ops, node, inputs } = forward;
  const heads = getInt(node, "num_heads");
  if (forward.outputs[3] !== undefined) forward.fail("its scores are an output");
  const [q, newKey, newValue] = withInputBias(forward, unpacked(forward, heads)).map((x) =>
    x.shape.length === 4 ? x : splitHeads(forward, x, heads),
  );
  if (q === undefined || newKey === undefined || newValue === undefined)
    return forward.fail("it needs queries, keys and values");
  const k = inputs[6] === undefined ? newKey : ops.concat([inputs[6], newKey], 2);
  const v = inputs[7] === undefined ? newValue : ops.concat([inputs[7], newValue], 2);
  const parts = { q, k, v, past: inputs[6]?.shape[2] ?? 0, mask: inputs[4], bias: inputs[5] };
  return [attended(forward, parts), k, v];
};

/** Queries, keys and values, [batch, sequence, hidden] each, or keys and values [batch, heads, sequence, size]. */
function unpacked({ ops, inputs, input }: Forward, heads: number): [Value, Value, Value] {
  const part = (packed: Value, i: number): Value => {
    const [batch = 0, length = 0, , , size = 0] = packed.shape;
    return ops.reshape(ops.sliceAxis(packed, 3, i, 1), [batch, length, heads * size]);
  };
  const query = input(0);
  if (query.shape.length === 5) return [part(query, 0), part(query, 1), part(query, 2)];
  if (inputs[1]?.shape.length === 5) return [query, part(input(1), 0), part(input(1), 1)];
  return [query, input(1), input(2)];
}

/** The bias belongs to what comes from projections: not to keys and values that have heads already. */
function withInputBias({ ops, inputs }: Forward, parts: readonly Value[]): Value[] {
  const bias = inputs[3];
  if (bias === undefined) return [...parts];
  let start = 0;
  return parts.map((x) => {
    const width = x.shape.length === 4 ? (x.shape[1] ?? 0) * (x.shape[3] ?? 0) : (x.shape[2] ?? 0);
    start += width;
    return x.shape.length === 4 ? x : ops.add(x, ops.sliceAxis(bias, 0, start - width, width));
  });
}

export const microsoftAttentions: OperatorTable = {
  "com.microsoft.Attention": attention,
  "com.microsoft.MultiHeadAttention": multiHeadAttention,
};
