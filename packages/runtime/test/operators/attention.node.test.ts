/** onnxruntime's own attention operators equal onnxruntime. */
import { type HostTensor, tensor } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import { describe, test } from "vitest";
import { expectLikeOnnxruntime } from "../support/against-onnxruntime.ts";
import type { OneNode } from "../support/one-node.ts";
import { randomFloats, randomIntegers } from "../support/random.ts";

/** Outputs are means of values up to 1; both sides round to float32 after every step. */
const TOLERANCE = 2e-6;
const domain = "com.microsoft";
const [BATCH, QUERIES, HEADS, SIZE] = [2, 4, 4, 16];
const HIDDEN = HEADS * SIZE;
type Attributes = Readonly<Record<string, AttributeValue>>;

const like = (node: OneNode) => expectLikeOnnxruntime(node, TOLERANCE);

describe("RotaryEmbedding", () => {
  const caches = (half: number) => [randomFloats([16, half], 2), randomFloats([16, half], 3)];
  const positions = randomIntegers("int64", [BATCH, QUERIES], 4, 0, 16);

  test.each([
    { name: "three dimensions", shape: [BATCH, QUERIES, HIDDEN], half: SIZE / 2, attributes: {} },
    { name: "four dimensions", shape: [BATCH, HEADS, QUERIES, SIZE], half: SIZE / 2, attributes: {} },
    { name: "interleaved", shape: [BATCH, QUERIES, HIDDEN], half: SIZE / 2, attributes: { interleaved: 1n } },
    {
      name: "some of the features",
      shape: [BATCH, QUERIES, HIDDEN],
      half: 2,
      attributes: { num_heads: BigInt(HEADS), rotary_embedding_dim: 4n },
    },
  ])("$name", async ({ shape, half, attributes }) => {
    const inputs = [randomFloats(shape, 1), positions, ...caches(half)];
    await like({ opType: "RotaryEmbedding", domain, attributes, inputs, outputs: ["float32"] });
  });

  test("positions from a first one on", async () => {
    const inputs = [
      randomFloats([BATCH, QUERIES, HIDDEN], 1),
      tensor("int64", [1], [5]),
      ...caches(SIZE / 2),
    ];
    await like({ opType: "RotaryEmbedding", domain, inputs, outputs: ["float32"] });
  });
});

describe("Attention", () => {
  const INPUT = 6;
  const node = (options: {
    attributes?: Attributes;
    mask?: HostTensor;
    past?: number;
    bias?: HostTensor;
    width?: number;
  }): OneNode => {
    const { attributes = {}, mask, past, bias, width = 3 * HIDDEN } = options;
    return {
      opType: "Attention",
      domain,
      attributes: { num_heads: BigInt(HEADS), ...attributes },
      inputs: [
        randomFloats([BATCH, QUERIES, INPUT], 1),
        randomFloats([INPUT, width], 2),
        randomFloats([width], 3),
        mask,
        past === undefined ? undefined : randomFloats([2, BATCH, HEADS, past, SIZE], 4),
        bias,
      ],
      constants: [1, 2],
      outputs: past === undefined ? ["float32"] : ["float32", "float32"],
    };
  };

  test("as it comes", () => like(node({})));
  test("causal, scaled", () => like(node({ attributes: { unidirectional: 1n, scale: 0.7 } })));
  test("values of another size", () => {
    const sizes = [BigInt(HIDDEN), BigInt(HIDDEN), BigInt(HIDDEN / 2)];
    return like(node({ attributes: { qkv_hidden_sizes: sizes }, width: 2.5 * HIDDEN }));
  });
  test("a past", () => like(node({ past: 3, attributes: { unidirectional: 1n } })));
  test("a mask of keys", () =>
    like(node({ mask: tensor("int32", [BATCH, QUERIES], [1, 1, 1, 0, 0, 1, 1, 1]) })));
  test("a mask of keys and a value for it", () =>
    like(
      node({
        mask: tensor("int32", [BATCH, QUERIES], [1, 1, 1, 0, 0, 1, 1, 1]),
        attributes: { mask_filter_value: -1 },
      }),
    ));
  test("a mask of queries and keys", () =>
    like(node({ mask: randomIntegers("int32", [BATCH, QUERIES, QUERIES], 5, 0, 2) })));
  test("ends of sequences", () => like(node({ mask: tensor("int32", [BATCH], [4, 2]) })));
  test("ends and beginnings of sequences", () =>
    like(node({ mask: tensor("int32", [2 * BATCH], [4, 3, 1, 0]) })));
  test("attention bias", () => like(node({ bias: randomFloats([BATCH, HEADS, QUERIES, QUERIES], 6) })));
  test("a past and a mask, causal", () => {
    const mask = randomIntegers("int32", [BATCH, QUERIES + 2], 5, 0, 2);
    return like(node({ past: 2, mask, attributes: { unidirectional: 1n } }));
  });
  test("a mask and attention bias, causal", () => {
    const mask = randomIntegers("int32", [BATCH, QUERIES], 5, 0, 2);
    const bias = randomFloats([1, 1, QUERIES, QUERIES], 6);
    return like(node({ mask, bias, attributes: { unidirectional: 1n } }));
  });
});

describe("QAttention", () => {
  const INPUT = 6;
  test.each(["a past and a mask", "causal"])("%s", (name) => {
    const masked = name !== "causal";
    const inputs = [
      randomIntegers("uint8", [BATCH, QUERIES, INPUT], 1, 0, 256),
      randomIntegers("int8", [INPUT, 3 * HIDDEN], 2, -128, 128),
      randomFloats([3 * HIDDEN], 3),
      tensor("float32", [], [0.01]),
      tensor("float32", [], [0.01]),
      masked ? tensor("int32", [BATCH, QUERIES + 2], [1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1]) : undefined,
      tensor("uint8", [], [127]),
      tensor("int8", [], [0]),
      masked ? randomFloats([2, BATCH, HEADS, 2, SIZE], 4) : undefined,
    ];
    return like({
      opType: "QAttention",
      domain,
      attributes: { num_heads: BigInt(HEADS), unidirectional: masked ? 0n : 1n },
      inputs,
      constants: [1, 3, 4, 6, 7],
      outputs: masked ? ["float32", "float32"] : ["float32"],
    });
  });
});

describe("LinearAttention", () => {
  const [LENGTH, SHARED] = [6, 2];
  const keys = randomFloats([BATCH, LENGTH, SHARED * SIZE], 2, 0.3);
  const logs = (size: number) =>
    tensor(
      "float32",
      [BATCH, LENGTH, size],
      randomFloats([BATCH, LENGTH, size], 5).data.map((x) => -x * x),
    );
  const rates = tensor(
    "float32",
    [BATCH, LENGTH, SHARED],
    randomFloats([BATCH, LENGTH, SHARED], 6).data.map((x) => x * x),
  );

  test.each([
    { rule: "linear", decay: undefined, beta: undefined },
    { rule: "gated", decay: logs(SHARED), beta: undefined },
    { rule: "delta", decay: undefined, beta: rates },
    { rule: "gated_delta", decay: logs(SHARED * SIZE), beta: rates },
  ])("$rule", ({ rule, decay, beta }) =>
    like({
      opType: "LinearAttention",
      domain,
      attributes: { q_num_heads: BigInt(HEADS), kv_num_heads: BigInt(SHARED), update_rule: rule },
      inputs: [
        randomFloats([BATCH, LENGTH, HIDDEN], 1),
        keys,
        randomFloats([BATCH, LENGTH, SHARED * SIZE], 3),
        randomFloats([BATCH, SHARED, SIZE, SIZE], 4),
        decay,
        beta,
      ],
      outputs: ["float32", "float32"],
    }),
  );
});

describe("MultiHeadAttention", () => {
  const KEYS = 5;
  const node = (
    inputs: readonly (HostTensor | undefined)[],
    attributes: Attributes = {},
    outputs = 1,
  ): OneNode => ({
    opType: "MultiHeadAttention",
    domain,
    attributes: { num_heads: BigInt(HEADS), ...attributes },
    inputs,
    outputs: Array.from({ length: outputs }, () => "float32"),
  });
  const q = randomFloats([BATCH, QUERIES, HIDDEN], 1);
  const k = randomFloats([BATCH, KEYS, HIDDEN], 2);
  const v = randomFloats([BATCH, KEYS, HIDDEN], 3);
  const bias = randomFloats([3 * HIDDEN], 4);

  test("queries, keys and values", () => like(node([q, k, v])));
  test("bias", () => like(node([q, k, v, bias])));
  test("values of another size", () => like(node([q, k, randomFloats([BATCH, KEYS, HIDDEN / 2], 3)])));
  test("causal", () =>
    like(node([q, q, v.shape[1] === QUERIES ? v : randomFloats(q.shape, 3)], { unidirectional: 1n })));
  test("keys and values with heads", () => {
    const heads = (seed: number) => randomFloats([BATCH, HEADS, KEYS, SIZE], seed);
    return like(node([q, heads(2), heads(3)]));
  });
  test("a padding mask", () => {
    const mask = randomIntegers("int32", [BATCH, KEYS], 5, 0, 2);
    return like(node([q, k, v, undefined, mask]));
  });
  test("attention bias", () => {
    const attentionBias = randomFloats([1, HEADS, QUERIES, KEYS], 6);
    return like(node([q, k, v, bias, undefined, attentionBias], { scale: 0.3 }));
  });
  test("a past", () => {
    const past = (seed: number) => randomFloats([BATCH, HEADS, 3, SIZE], seed);
    const inputs = [q, randomFloats(q.shape, 2), randomFloats(q.shape, 3), undefined, undefined, undefined];
    return like(node([...inputs, past(7), past(8)], { unidirectional: 1n }, 3));
  });
});

describe("GroupQueryAttention", () => {
  const SHARED = 2;
  interface Options {
    readonly queries: number;
    readonly ends: readonly number[];
    readonly past?: number;
    readonly attributes?: Attributes;
    readonly packed?: boolean;
    readonly total?: number;
    readonly more?: readonly (HostTensor | undefined)[];
  }
  const node = (options: Options): OneNode => {
    const { queries, ends, past = 0, attributes = {}, packed = false, more = [] } = options;
    const total = options.total ?? Math.max(...ends);
    const width = packed ? (HEADS + 2 * SHARED) * SIZE : HIDDEN;
    const keys = (seed: number) => (packed ? undefined : randomFloats([BATCH, queries, SHARED * SIZE], seed));
    const cache = (seed: number) => randomFloats([BATCH, SHARED, past, SIZE], seed);
    return {
      opType: "GroupQueryAttention",
      domain,
      attributes: { num_heads: BigInt(HEADS), kv_num_heads: BigInt(SHARED), ...attributes },
      inputs: [
        randomFloats([BATCH, queries, width], 1, 2),
        keys(2),
        keys(3),
        past === 0 ? undefined : cache(4),
        past === 0 ? undefined : cache(5),
        tensor(
          "int32",
          [BATCH],
          ends.map((end) => end - 1),
        ),
        tensor("int32", [1], [total]),
        ...more,
      ],
      outputs: ["float32", "float32", "float32"],
    };
  };
  const caches = [randomFloats([16, SIZE / 2], 6), randomFloats([16, SIZE / 2], 7)];
  const rotary = { do_rotary: 1n };

  test("a prompt", () => like(node({ queries: 4, ends: [4, 4] })));
  test("a prompt with rotary positions", () =>
    like(node({ queries: 4, ends: [4, 4], attributes: rotary, more: caches })));
  test("rotary positions, interleaved, all in one tensor", () =>
    like(
      node({
        queries: 4,
        ends: [4, 4],
        packed: true,
        attributes: { ...rotary, rotary_interleaved: 1n },
        more: caches,
      }),
    ));
  test("the next token", () =>
    like(node({ queries: 1, ends: [6, 6], past: 5, attributes: rotary, more: caches })));
  test("the next token of sequences of unequal length", () =>
    like(node({ queries: 1, ends: [6, 3], past: 5, attributes: rotary, more: caches })));
  test("a cache with room", () =>
    like(node({ queries: 1, ends: [6, 4], past: 9, attributes: rotary, more: caches })));
  test("a window", () =>
    like(node({ queries: 1, ends: [8, 8], past: 7, attributes: { local_window_size: 3n } })));
  test("a window in a prompt", () =>
    like(node({ queries: 6, ends: [6, 6], attributes: { local_window_size: 2n } })));
  test("softcap and scale", () =>
    like(node({ queries: 4, ends: [4, 4], attributes: { softcap: 0.8, scale: 0.5 } })));
  test("smooth softmax", () => like(node({ queries: 4, ends: [4, 4], attributes: { smooth_softmax: 1n } })));
  test("sinks", () =>
    like(
      node({
        queries: 4,
        ends: [4, 4],
        more: [undefined, undefined, undefined, undefined, randomFloats([HEADS], 9)],
      }),
    ));
  test("attention bias", () =>
    like(
      node({
        queries: 4,
        ends: [4, 4],
        more: [undefined, undefined, undefined, randomFloats([1, HEADS, 4, 4], 8)],
      }),
    ));
});
