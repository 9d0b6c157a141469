/** Attention in its forms and rotary embeddings: against the operators themselves, and against central differences. */
import { type HostTensor, tensor } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import { describe } from "vitest";
import { numbers } from "../gradients/finite-differences.ts";
import { type Composite, check, microsoft } from "./composite.ts";

const bools = (shape: readonly number[], hidden: (i: number) => boolean) => {
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor(
    "bool",
    shape,
    Uint8Array.from({ length: count }, (_, i) => Number(!hidden(i))),
  );
};
const ints = (shape: readonly number[], ...values: number[]) => tensor("int32", shape, values);

/** [batch, heads, sequence, size] of queries, then of keys and values. */
const qkv = (q: readonly number[], k = q, v = k) => [numbers(q, 1), numbers(k, 2), numbers(v, 3)];
const attention = (
  inputs: readonly (HostTensor | "")[],
  attributes: Record<string, AttributeValue> = {},
  outputs = ["y"],
): Composite => ({ opType: "Attention", inputs, attributes, outputs });

const shape = [2, 2, 3, 4];
const packed = { q_num_heads: 2n, kv_num_heads: 2n };
const standard: Readonly<Record<string, Composite>> = {
  plain: attention(qkv(shape)),
  causal: attention(qkv(shape), { is_causal: 1n, scale: 0.7 }),
  "with more keys than queries": attention(qkv([1, 2, 2, 3], [1, 2, 5, 3], [1, 2, 5, 4])),
  "with more queries than keys, causal": attention(qkv([1, 1, 4, 3], [1, 1, 2, 3]), { is_causal: 1n }),
  "with grouped queries": attention(qkv([1, 4, 3, 2], [1, 2, 3, 2])),
  "packed, three dimensions": attention(qkv([2, 3, 8]), packed),
  "packed with grouped queries": attention(qkv([2, 3, 8], [2, 3, 4]), { q_num_heads: 4n, kv_num_heads: 2n }),
  capped: attention(qkv(shape), { softcap: 0.5, is_causal: 1n }),
  "with a mask of booleans": attention([...qkv(shape), bools([3, 3], (i) => i % 3 === 1)]),
  "with a query that sees nothing": attention([...qkv(shape), bools([2, 1, 3, 3], (i) => i < 3)]),
  "with a trained bias": attention([...qkv(shape), numbers([2, 3, 3], 5)], { is_causal: 1n }),
  "with a past": attention(
    [...qkv([1, 2, 2, 3]), "", numbers([1, 2, 3, 3], 6), numbers([1, 2, 3, 3], 7)],
    { is_causal: 1n },
    ["y", "keys", "values"],
  ),
  ...Object.fromEntries(
    [0n, 1n, 2n, 3n].map((mode) => [
      `with its scores, stage ${mode}`,
      attention([...qkv(shape), numbers([3, 3], 5)], { softcap: 2, qk_matmul_output_mode: mode }, [
        "y",
        "",
        "",
        "s",
      ]),
    ]),
  ),
};

const many = (
  inputs: readonly (HostTensor | "")[],
  attributes: Record<string, AttributeValue> = {},
  outputs = ["y"],
): Composite => ({
  opType: "MultiHeadAttention",
  domain: microsoft,
  inputs,
  attributes: { num_heads: 2n, ...attributes },
  outputs,
});
const multi: Readonly<Record<string, Composite>> = {
  plain: many(qkv([2, 3, 4])),
  "with biases, one way": many([...qkv([2, 3, 4]), numbers([12], 4)], { unidirectional: 1n, scale: 0.3 }),
  "with a mask of keys": many([...qkv([2, 3, 4]), "", ints([2, 3], 1, 1, 0, 1, 0, 1)]),
  "with lengths": many([...qkv([2, 3, 4]), "", ints([2], 2, 3)]),
  "with a bias of scores": many([...qkv([2, 3, 4]), "", "", numbers([1, 2, 3, 3], 5)]),
  "packed in one": many([numbers([2, 3, 2, 3, 2], 1)], {}, ["y", "keys", "values"]),
  "with keys and values in one": many([numbers([2, 3, 4], 1), numbers([2, 5, 2, 2, 2], 2)], {}, [
    "y",
    "keys",
    "values",
  ]),
  "with keys that have heads": many([
    numbers([2, 3, 4], 1),
    numbers([2, 2, 5, 2], 2),
    numbers([2, 2, 5, 2], 3),
  ]),
  "with a past": many([...qkv([1, 2, 4]), "", "", "", numbers([1, 2, 3, 2], 6), numbers([1, 2, 3, 2], 7)]),
};

const own = (
  inputs: readonly (HostTensor | "")[],
  attributes: Record<string, AttributeValue> = {},
  outputs = ["y"],
): Composite => ({
  opType: "Attention",
  domain: microsoft,
  inputs: [numbers([2, 3, 4], 1), ...inputs],
  attributes: { num_heads: 2n, ...attributes },
  outputs,
});
const projections = [numbers([4, 12], 2), numbers([12], 3)];
const microsofts: Readonly<Record<string, Composite>> = {
  plain: own(projections),
  "one way": own(projections, { unidirectional: 1n }),
  "with sizes": own([numbers([4, 14], 2), numbers([14], 3)], { qkv_hidden_sizes: [4n, 4n, 6n] }),
  "with ends and beginnings": own([...projections, ints([4], 3, 2, 1, 0)]),
  "with a mask of queries and keys": own([
    ...projections,
    ints([2, 3, 3], ...[1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0]),
  ]),
  "with a past": own([...projections, "", numbers([2, 2, 2, 2, 2], 4)], {}, ["y", "present"]),
};

const tables = (positions: number, half: number) => [
  numbers([positions, half], 4),
  numbers([positions, half], 5),
];
const rotations: Readonly<Record<string, Composite>> = {
  ...Object.fromEntries(
    [0n, 1n].flatMap((interleaved) => [
      [
        `interleaved ${interleaved}`,
        {
          opType: "RotaryEmbedding",
          attributes: { interleaved },
          inputs: [
            numbers([2, 2, 3, 4], 1),
            ...tables(7, 2),
            tensor("int64", [2, 3], [0n, 1n, 2n, 4n, 5n, 6n]),
          ],
        },
      ],
      [
        `of a part of the features, interleaved ${interleaved}`,
        {
          opType: "RotaryEmbedding",
          attributes: { interleaved, rotary_embedding_dim: 4n, num_heads: 2n },
          inputs: [
            numbers([2, 3, 12], 1),
            ...tables(7, 2),
            tensor("int64", [2, 3], [0n, 1n, 2n, 4n, 5n, 6n]),
          ],
        },
      ],
      [
        `of onnxruntime, interleaved ${interleaved}`,
        {
          opType: "RotaryEmbedding",
          domain: microsoft,
          attributes: { interleaved },
          inputs: [numbers([2, 3, 8], 1), tensor("int64", [1], [2n]), ...tables(7, 2)],
        },
      ],
    ]),
  ),
  "without positions": {
    opType: "RotaryEmbedding",
    inputs: [numbers([2, 2, 3, 4], 1), numbers([2, 3, 2], 4), numbers([2, 3, 2], 5)],
  },
};

describe("Attention", () => check(standard));
describe("MultiHeadAttention", () => check(multi));
describe("com.microsoft Attention", () => check(microsofts));
describe("RotaryEmbedding", () => check(rotations));
