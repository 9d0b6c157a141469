/** ONNX LinearAttention, and com.microsoft LinearAttention, which is the same: a recurrence over tokens, computed on the host. */
import { getFloat, getInt, getString } from "@bitbudget/onnx";
import { linearAttention } from "../host/linear-attention.ts";
import { tensorOfFloats } from "../host/tensors.ts";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { hostInputs } from "./host-inputs.ts";
import type { OperatorTable } from "./index.ts";

/** Inputs by their places. */
const [QUERY, KEY, VALUE, STATE, DECAY, BETA] = [0, 1, 2, 3, 4, 5] as const;

const rules: Readonly<Record<string, { readonly decay: boolean; readonly beta: boolean }>> = {
  linear: { decay: false, beta: false },
  gated: { decay: true, beta: false },
  delta: { decay: false, beta: true },
  gated_delta: { decay: true, beta: true },
};

function lowerLinearAttention(context: Lowering): readonly Value[] {
  const { node } = context;
  // Of com.microsoft alone.
  if (getInt(node, "state_window", 0) !== 0)
    context.fail("has a state_window: only the state after the last token is kept");
  const name = getString(node, "update_rule", "gated_delta");
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule === undefined) return context.fail(`has the unknown update_rule ${JSON.stringify(name)}`);
  for (const [input, index] of [
    ["decay", DECAY],
    ["beta", BETA],
  ] as const)
    if (context.has(index) !== rule[input])
      context.fail(`with update_rule ${name} ${rule[input] ? "needs" : "takes no"} ${input}`);

  const query = context.input(QUERY).type;
  const [batch = 0, length = 0] = query.shape;
  const [queryHeads, heads] = [getInt(node, "q_num_heads"), getInt(node, "kv_num_heads")];
  if (heads <= 0 || queryHeads <= 0 || queryHeads % heads !== 0)
    context.fail(`has ${queryHeads} query heads, which must be a multiple of its ${heads} key-value heads`);
  const widthOf = (index: number, parts: number): number => {
    const { shape } = context.input(index).type;
    const [width = 0] = shape.slice(2);
    if (shape.length !== 3 || shape[0] !== batch || shape[1] !== length || width % parts !== 0)
      context.fail(
        `input ${index} has the shape [${shape.join(", ")}], needs [${batch}, ${length}, a multiple of ${parts}]`,
      );
    return width / parts;
  };
  const keySize = widthOf(QUERY, queryHeads);
  const valueSize = widthOf(VALUE, heads);
  if (widthOf(KEY, heads) !== keySize) context.fail("has keys of another size than its queries");
  const decaySize = rule.decay ? widthOf(DECAY, heads) : 1;
  if (decaySize !== 1 && decaySize !== keySize)
    context.fail(`has ${decaySize} decays for each head, needs 1 or ${keySize}`);
  const betaHeads = rule.beta ? widthOf(BETA, 1) : 1;
  if (betaHeads !== 1 && betaHeads !== heads) context.fail(`has ${betaHeads} rates, needs 1 or ${heads}`);

  const stateShape = [batch, heads, keySize, valueSize];
  const past = context.inputs[STATE]?.type;
  if (past !== undefined && past.shape.join() !== stateShape.join())
    context.fail(`has a state of shape [${past.shape.join(", ")}], needs [${stateShape.join(", ")}]`);
  const output = { dtype: query.dtype, shape: [batch, length, queryHeads * valueSize] };
  const state = { dtype: past?.dtype ?? query.dtype, shape: stateShape };
  const given = getFloat(node, "scale", 0);
  const scale = given === 0 ? 1 / Math.sqrt(keySize) : given;
  const inputs = hostInputs(context, [QUERY, KEY, VALUE, STATE, DECAY, BETA]);
  return context.host([output, state], inputs.values, (tensors) => {
    const { read, find } = inputs.of(tensors);
    const [logs, rates] = [find(DECAY), find(BETA)];
    const running = Float64Array.from(find(STATE) ?? new Float64Array(batch * heads * keySize * valueSize));
    const size = { batch, length, queryHeads, heads, keySize, valueSize };
    const parts = {
      query: read(QUERY),
      key: read(KEY),
      value: read(VALUE),
      decay: logs && { logs, size: decaySize },
      beta: rates && { rates, heads: betaHeads },
    };
    const result = linearAttention(size, parts, running, scale);
    return [tensorOfFloats(output, result), tensorOfFloats(state, running)];
  });
}

export const linearAttentions: OperatorTable = { LinearAttention: lowerLinearAttention };
