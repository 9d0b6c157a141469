/** What attention and its kin refuse, and what ONNX's own tests of them leave out. */
import { open } from "@bitbudget/backend-js";
import { tensor, valuesOf } from "@bitbudget/core";
import type { AttributeValue } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import { createSession } from "../../src/index.ts";
import { type OneNode, oneNode, runOneNode } from "../support/one-node.ts";
import { randomFloats } from "../support/random.ts";

type Attributes = Readonly<Record<string, AttributeValue>>;
const q = randomFloats([1, 4, 3, 8], 1);
const k = randomFloats([1, 2, 5, 8], 2);
const v = randomFloats([1, 2, 5, 6], 3);

function attention(inputs: OneNode["inputs"], attributes: Attributes = {}, outputs = 1): OneNode {
  return {
    opType: "Attention",
    opset: 25,
    attributes,
    inputs,
    outputs: Array.from({ length: outputs }, () => inputs[0]?.dtype),
  };
}

/** Attention over lists of numbers, straight from the formula, for one query at a time. */
function reference(scores: readonly number[], values: readonly number[]): number {
  const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
  return scores.reduce((sum, score, i) => sum + (Math.exp(score) / total) * values[i]!, 0);
}

describe("Attention", () => {
  test.each([
    ["past_key alone", [q, k, v, undefined, k], {}, "needs past_key and past_value together"],
    ["heads that do not divide", [randomFloats([1, 3, 3, 8], 1), k, v], {}, "3 heads of queries"],
    [
      "hidden sizes that heads do not divide",
      [randomFloats([1, 3, 10], 1), k, v],
      { q_num_heads: 4n },
      "into 4 heads",
    ],
    ["an unknown output mode", [q, k, v], { qk_matmul_output_mode: 4n }, "use 0 to 3"],
    ["a precision of integers", [q, k, v], { softmax_precision: 7n }, "no format of floats"],
    ["inputs of two dimensions", [randomFloats([3, 8], 1), k, v], {}, "needs three or four dimensions"],
  ] as const)("refuses %s", async (_, inputs, attributes, message) => {
    await expect(runOneNode(attention(inputs, attributes))).rejects.toThrow(message);
  });

  test("two kinds of cache", async () => {
    const ends = tensor("int64", [1], [5]);
    const node = attention([q, k, v, undefined, k, v, ends]);
    await expect(runOneNode(node)).rejects.toThrow("not both");
  });

  /** One head, one feature, so that a score is a product: q * k * scale. */
  test("a window, a mask and a softcap, by the formula", async () => {
    const [keys, values] = [
      [1, -2, 3, 0.5],
      [10, 20, 30, 40],
    ];
    const line = (numbers: readonly number[]) => tensor("float32", [1, 1, numbers.length, 1], numbers);
    const mask = tensor("float32", [2, 4], [0, 1, 0, 0, 0, 0, -1, 0]);
    const attributes = { scale: 0.5, softcap: 2, is_causal: 1n, left_window_size: 1n };
    const node = attention([line([2, -1]), line(keys), line(values), mask], attributes);
    const { y0 } = await runOneNode(node);
    const score = (query: number, key: number) => 2 * Math.tanh((query * key * 0.5) / 2);
    // The first query sees itself alone, the second one the key before it, too.
    const expected = [10, reference([score(-1, 1), score(-1, -2)], [10, 20])];
    const given = y0 === undefined ? [] : [...valuesOf(y0)];
    for (const [i, value] of expected.entries()) expect(given[i]).toBeCloseTo(value, 4);
  });

  test("the same in float64, with a mask for the first keys only", async () => {
    const double = (x: typeof q) => tensor("float64", x.shape, [...x.data]);
    const mask = tensor("bool", [3, 2], [1, 1, 1, 0, 0, 1]);
    const wide = await runOneNode(attention([double(q), double(k), double(v), mask]));
    const narrow = await runOneNode(attention([q, k, v, mask]));
    // Nobody attends the three keys that the mask does not reach.
    const short = (x: typeof q) => tensor("float32", [1, 2, 2, x.shape[3]!], cut(x));
    const cutOff = await runOneNode(attention([q, short(k), short(v), mask]));
    const [a, b, c] = [wide.y0, narrow.y0, cutOff.y0].map((y) => (y === undefined ? [] : [...valuesOf(y)]));
    expect(a?.length).toBe(4 * 3 * 6);
    for (const [i, value] of a!.entries()) {
      expect(b?.[i]).toBeCloseTo(value, 5);
      expect(c?.[i]).toBeCloseTo(value, 5);
    }
  });
});

describe("Attention is one kernel", () => {
  /** Ops of the plan. */
  async function opsOf(node: OneNode): Promise<(string | undefined)[]> {
    const { model, feeds } = oneNode(node);
    await using backend = await open();
    await using session = await createSession(model, { backend });
    await session.run(feeds);
    return (session.plan?.rows ?? []).map(({ kernel }) => kernel.split(" ")[0]);
  }
  const half = (x: typeof q) => tensor("float16", x.shape, [...x.data]);
  const square = randomFloats([1, 2, 3, 8], 4);

  test.each<[string, OneNode]>([
    ["in float32", attention([q, k, v])],
    ["in float16", attention([half(q), half(k), half(v)])],
    ["with a mask of floats", attention([q, k, v, randomFloats([3, 5], 4)])],
    ["up to the diagonal", attention([q, square, square], { is_causal: 1n })],
    ["within a window, which is known", attention([q, k, v], { left_window_size: 1n })],
    ["with the precision that it has anyway", attention([q, k, v], { softmax_precision: 1n })],
  ])("%s", async (_, node) => {
    expect(await opsOf(node)).toEqual(["attention"]);
  });

  test("after a mask of conditions and a cache", async () => {
    expect(await opsOf(attention([q, k, v, tensor("bool", [5], [1, 1, 0, 1, 1])]))).toEqual([
      "where",
      "attention",
    ]);
    const cached = attention([q, square, square, undefined, k, k], { is_causal: 1n }, 3);
    expect(await opsOf(cached)).toEqual(["concat", "concat", "attention"]);
  });

  test.each<[string, OneNode]>([
    ["scores are asked for", attention([q, k, v], {}, 4)],
    ["they are capped", attention([q, k, v], { softcap: 2 })],
    ["the softmax is more precise", attention([q, k, v], { softmax_precision: 11n })],
    ["values have a format of their own", attention([q, k, half(v)])],
  ])("but where %s", async (_, node) => {
    expect(await opsOf(node)).toContain("softmax");
  });

  test("in which the first query stands at the first key, however many keys there are", async () => {
    const { y0 } = await runOneNode(attention([q, k, v], { is_causal: 1n }));
    expect(y0?.data.slice(0, 6)).toEqual(v.data.slice(0, 6));
  });

  test("in which queries without a key are 0", async () => {
    const mask = tensor("bool", [3, 5], [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    const { y0 } = await runOneNode(attention([q, k, v, mask]));
    expect(y0?.data.slice(6, 12)).toEqual(new Float32Array(6));
    expect(y0?.data.slice(12, 18)).not.toContain(0);
  });
});

/** The first two keys of each of the two heads. */
function cut({ data, shape }: typeof q): number[] {
  const [, heads = 0, keys = 0, size = 0] = shape;
  return Array.from({ length: heads }, (_, h) => [
    ...data.subarray(h * keys * size, (h * keys + 2) * size),
  ]).flat();
}

describe("LinearAttention", () => {
  const node = (attributes: Attributes, inputs: OneNode["inputs"]): OneNode => ({
    opType: "LinearAttention",
    opset: 27,
    attributes: { q_num_heads: 2n, kv_num_heads: 1n, ...attributes },
    inputs,
    outputs: ["float32", "float32"],
  });
  const query = randomFloats([1, 2, 6], 1);
  const key = randomFloats([1, 2, 3], 2);

  test.each([
    ["a rule without its decay", { update_rule: "gated" }, [query, key, key], "needs decay"],
    [
      "a decay without its rule",
      { update_rule: "linear" },
      [query, key, key, undefined, key],
      "takes no decay",
    ],
    ["an unknown rule", { update_rule: "quadratic" }, [query, key, key], "unknown update_rule"],
    [
      "keys of another size",
      { update_rule: "linear" },
      [query, randomFloats([1, 2, 4], 2), key],
      "another size",
    ],
    ["heads that do not divide", { update_rule: "linear", kv_num_heads: 3n }, [query, key, key], "multiple"],
  ] as const)("refuses %s", async (_, attributes, inputs, message) => {
    await expect(runOneNode(node(attributes, inputs))).rejects.toThrow(message);
  });
});

describe("SwiGLU", () => {
  test("does not broadcast", async () => {
    const inputs = [randomFloats([2, 3], 1), randomFloats([1, 3], 2)];
    const swiglu = runOneNode({ opType: "SwiGLU", opset: 28, inputs, outputs: ["float32"] });
    await expect(swiglu).rejects.toThrow("one shape");
  });
});

describe("RotaryEmbedding", () => {
  test("caches for more features than a head has", async () => {
    const [cos, sin] = [randomFloats([1, 3, 6], 2), randomFloats([1, 3, 6], 3)];
    const rotated = runOneNode({
      opType: "RotaryEmbedding",
      opset: 23,
      inputs: [q, cos, sin],
      outputs: ["float32"],
    });
    await expect(rotated).rejects.toThrow("rotates 12 features of heads that have 8");
  });
});
