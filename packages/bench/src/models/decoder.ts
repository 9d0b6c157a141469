/** One layer of a language model: grouped-query attention with rotary positions and a cache, and a gated feed-forward. */
import { tensor } from "@bitbudget/core";
import type { ModelProto } from "@bitbudget/onnx";
import { Builder, type Value } from "./builder.ts";

export interface Decoder {
  readonly hidden: number;
  readonly inner: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Tokens of one run, and those that the cache holds already. */
  readonly tokens: number;
  readonly past: number;
}

/** Sizes of Qwen2.5-0.5B and of Llama-3.2-1B. */
export const decoders = {
  "0.5B": { hidden: 896, inner: 4864, heads: 14, kvHeads: 2 },
  "1B": { hidden: 2048, inner: 8192, heads: 32, kvHeads: 8 },
} as const;

/** In the operators that exporters use for language models: com.microsoft GroupQueryAttention, SimplifiedLayerNormalization. */
export function decoderLayer(decoder: Decoder): ModelProto {
  const { hidden, inner, heads, kvHeads, tokens, past } = decoder;
  const b = new Builder(hidden);
  const size = hidden / heads;
  const x = b.input("hidden", [1, tokens, hidden]);
  const cache = [1, kvHeads, past, size];
  const pasts =
    past === 0 ? [undefined, undefined] : [b.input("past_key", cache), b.input("past_value", cache)];
  const total = past + tokens;
  const normed = rmsNorm(b, x);
  const [q, k, v] = [hidden, kvHeads * size, kvHeads * size].map((features) => dense(b, normed, features));
  const [cos, sin] = rotary(b, total, size);
  const present = [1, kvHeads, total, size];
  const [mixed, key, value] = b.nodes(
    "GroupQueryAttention",
    [
      q,
      k,
      v,
      ...pasts,
      b.constant(tensor("int32", [1], [total - 1])),
      b.constant(tensor("int32", [], [total])),
      cos,
      sin,
    ],
    [[1, tokens, hidden], present, present],
    {
      num_heads: BigInt(heads),
      kv_num_heads: BigInt(kvHeads),
      do_rotary: 1n,
      scale: size ** -0.5,
    },
    "com.microsoft",
  );
  const attended = b.node("Add", [x, dense(b, mixed!, hidden)], x.shape);
  const inputs = rmsNorm(b, attended);
  const gate = dense(b, inputs, inner);
  const silu = b.node("Mul", [gate, b.node("Sigmoid", [gate], gate.shape)], gate.shape);
  const gated = b.node("Mul", [silu, dense(b, inputs, inner)], gate.shape);
  return b.build([b.node("Add", [attended, dense(b, gated, hidden)], x.shape), key!, value!]);
}

function dense(b: Builder, x: Value, features: number): Value {
  const depth = x.shape.at(-1) ?? 0;
  return b.node(
    "MatMul",
    [x, b.weight([depth, features], depth ** -0.5)],
    [...x.shape.slice(0, -1), features],
  );
}

function rmsNorm(b: Builder, x: Value): Value {
  const scale = b.weight([x.shape.at(-1) ?? 0], 0.05, 1);
  return b.node("SimplifiedLayerNormalization", [x, scale], x.shape, { axis: -1n, epsilon: 1e-6 });
}

/** Cosines and sines of the angles (Su et al. 2021): [positions, size / 2] each. */
function rotary(b: Builder, positions: number, size: number): [Value, Value] {
  const half = size / 2;
  const table = (f: (angle: number) => number) =>
    b.constant(
      tensor(
        "float32",
        [positions, half],
        Float32Array.from({ length: positions * half }, (_, i) =>
          f(Math.floor(i / half) * 10000 ** (-(i % half) / half)),
        ),
      ),
    );
  return [table(Math.cos), table(Math.sin)];
}
