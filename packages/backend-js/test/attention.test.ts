/** attention: by hand, grouped heads, masks, queries without keys, and against the kernels that it stands for. */
import { definitionOf, type KernelSpec } from "@bitbudget/backend";
import { type DType, elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectNumbers } from "./compare.ts";
import { numbers, run } from "./run.ts";

const { NEGATIVE_INFINITY: never, NaN: nan } = Number;
const ln3 = Math.log(3);

interface Options {
  readonly scale?: number;
  readonly causal?: boolean;
}

function specOf(inputs: readonly HostTensor[], { scale = 1, causal }: Options = {}): KernelSpec<"attention"> {
  return { op: "attention", inputs, attributes: { scale, ...(causal === undefined ? {} : { causal }) } };
}

function attend(inputs: readonly HostTensor[], options?: Options): Promise<number[]> {
  return numbers(specOf(inputs, options), inputs);
}

const row = (...values: number[]) => tensor("float64", [1, 1, values.length, 1], values);

describe("attention by hand", () => {
  test("scores of 0 and ln 3 weigh values 1 to 3", async () => {
    const q = tensor("float64", [1, 1, 1, 2], [1, 2]);
    const k = tensor("float64", [1, 1, 2, 2], [0, 0, ln3, ln3 / 2]);
    const v = tensor("float64", [1, 1, 2, 3], [4, 0, 8, 8, 4, 0]);
    // Scores 0 and 2 ln 3, halved.
    const y = await attend([q, k, v], { scale: 0.5 });
    for (const [i, expected] of [7, 3, 2].entries()) expect(y[i]).toBeCloseTo(expected, 14);
  });

  test("a mask is added to the scores, after the scale", async () => {
    const y = await attend([row(0), row(1, 1), row(4, 8), tensor("float64", [2], [0, ln3])], { scale: 9 });
    expect(y[0]).toBeCloseTo(7, 14);
  });

  test("a causal query sees the keys up to its place, the last query all of them", async () => {
    const v = row(1, 3, 8);
    expectNumbers(await attend([row(0, 0, 0), row(5, 6, 7), v], { causal: true }), [1, 2, 4]);
    expectNumbers(await attend([row(0, 0), row(5, 6, 7), v], { causal: true }), [2, 4]);
  });

  test("neighbouring heads share keys and values", async () => {
    const q = tensor("float64", [1, 4, 1, 1], [0, 0, 0, 0]);
    const kv = tensor("float64", [1, 2, 1, 1], [5, 6]);
    expectNumbers(await attend([q, kv, kv]), [5, 5, 6, 6]);
  });

  test("a mask broadcasts along every axis", async () => {
    const q = tensor("float64", [2, 2, 1, 1], [0, 0, 0, 0]);
    const kv = tensor("float64", [2, 2, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8]);
    const byHead = tensor("float64", [2, 1, 2], [0, never, never, 0]);
    expectNumbers(await attend([q, kv, kv, byHead]), [1, 4, 5, 8]);
    const byBatch = tensor("float64", [2, 1, 1, 2], [0, never, never, 0]);
    expectNumbers(await attend([q, kv, kv, byBatch]), [1, 3, 6, 8]);
  });
});

describe("attention at its edges", () => {
  test("a query without keys gives 0, as ONNX Attention says", async () => {
    const v = row(1, 3);
    expectNumbers(await attend([row(0), row(5, 6), v, tensor("float64", [2], [never, never])]), [0]);
    // The first query stands before the first key.
    expectNumbers(await attend([row(0, 0, 0), row(5, 6), v], { causal: true }), [0, 1, 2]);
    expectNumbers(await attend([row(0, 0), row(), row()]), [0, 0]);
  });

  test("a masked key has no weight; NaN spreads over its query", async () => {
    const mask = tensor("float64", [2, 2], [never, 0, 0, nan]);
    expectNumbers(await attend([row(0, 0), row(5, 6), row(1, 3), mask]), [3, nan]);
  });

  test("only differences of scores count", async () => {
    expectNumbers(await attend([row(1e6), row(1000, 1000, -1000), row(1, 3, 50)]), [2]);
  });

  test("rounds once: a mean of float16 values", async () => {
    const half = (...values: number[]) => tensor("float16", [1, 1, values.length, 1], values);
    // The mean of 1 and 1 + 2^-10 is a tie, and goes to the even 1.
    expectNumbers(await attend([half(0), half(0, 0), half(1, 1 + 2 ** -10)]), [1]);
  });

  test("tensors without elements", async () => {
    const empty = (...shape: number[]) => tensor("float32", shape);
    expect(await attend([empty(0, 2, 3, 4), empty(0, 1, 5, 4), empty(0, 1, 5, 6)])).toEqual([]);
    expect(await attend([empty(1, 0, 3, 4), empty(1, 0, 5, 4), empty(1, 0, 5, 6)])).toEqual([]);
    expect(await attend([empty(1, 1, 0, 4), empty(1, 1, 5, 4), empty(1, 1, 5, 6)])).toEqual([]);
    expect(await attend([empty(1, 1, 3, 4), empty(1, 1, 5, 4), empty(1, 1, 5, 0)])).toEqual([]);
    expect(await attend([empty(1, 1, 2, 0), empty(1, 1, 5, 0), empty(1, 1, 5, 1)])).toEqual([0, 0]);
  });
});

test("is what matmul, the scale and mask, softmax and matmul give", async () => {
  const sizes = fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    kvHeads: fc.integer({ min: 1, max: 2 }),
    group: fc.integer({ min: 1, max: 3 }),
    m: fc.integer({ min: 1, max: 5 }),
    n: fc.integer({ min: 1, max: 6 }),
    d: fc.integer({ min: 1, max: 5 }),
    dv: fc.integer({ min: 1, max: 4 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ batch, kvHeads, group, m, n, d, dv, seed }) => {
      const q = wave([batch, kvHeads * group, m, d], seed);
      const k = wave([batch, kvHeads, n, d], seed + 1);
      const v = wave([batch, kvHeads, n, dv], seed + 2);
      const mask = wave([kvHeads * group, 1, n], seed + 3);
      const fused = await attend([q, k, v, mask], { scale: 0.7 });
      const composed = valuesOf(await composition(q, k, v, mask, 0.7));
      for (const [i, y] of fused.entries()) expect(y).toBeCloseTo(composed[i]!, 13);
      expect(fused.length).toBe(composed.length);
    }),
    { numRuns: 40 },
  );
});

test("its bound holds for kernels in float32", async () => {
  const shape = [1, 2, 33, 8];
  const [q, k, v] = [1, 2, 3].map((seed) => wave(shape, seed, "float32"));
  const spec = specOf([q!, k!, v!], { scale: 8 ** -0.5 });
  const { ulp, of } = definitionOf(spec).tolerance(spec);
  expect(of).toBe("magnitude");
  const zero = tensor("float32", [1], [0]);
  const composed = valuesOf(await composition(q!, k!, v!, zero, 8 ** -0.5));
  // Weights add up to 1, so the magnitude is at least the result.
  for (const [i, y] of (await attend([q!, k!, v!], { scale: 8 ** -0.5 })).entries())
    expect(Math.abs(y - composed[i]!)).toBeLessThanOrEqual(ulp * 2 ** -23);
});

/** Numbers between -2 and 2 without a pattern. */
function wave(shape: readonly number[], seed: number, dtype: DType = "float64"): HostTensor {
  const numbers = Array.from({ length: elementCount(shape) }, (_, i) => 2 * Math.sin(seed * 7.7 + i * 12.9));
  return tensor(dtype, shape, numbers);
}

/** The four kernels, heads of k and v repeated beforehand. */
async function composition(q: HostTensor, k: HostTensor, v: HostTensor, mask: HostTensor, scale: number) {
  const { dtype } = q;
  const multiply = async (a: HostTensor, b: HostTensor, transposeB: boolean) => {
    const attributes = { transposeB, output: dtype };
    return only(await run({ op: "matmul", inputs: [a, b], attributes }, [a, b]));
  };
  const elementwise = async (fn: "mul" | "add", a: HostTensor, b: HostTensor) =>
    only(await run({ op: "binary", inputs: [a, b], attributes: { function: fn } }, [a, b]));
  const scores = await multiply(q, repeated(k, q.shape[1]!), true);
  const scaled = await elementwise("mul", scores, tensor(dtype, [], [scale]));
  const logits = await elementwise("add", scaled, mask);
  const weights = only(await run({ op: "softmax", inputs: [logits], attributes: { axis: 3 } }, [logits]));
  return multiply(weights, repeated(v, q.shape[1]!), false);
}

function only([output]: readonly HostTensor[]): HostTensor {
  return output!;
}

function repeated(x: HostTensor, heads: number): HostTensor {
  const [batch = 0, kvHeads = 0, n = 0, d = 0] = x.shape;
  const numbers = valuesOf(x);
  const all: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++) {
      const start = (b * kvHeads + Math.floor((h * kvHeads) / heads)) * n * d;
      all.push(...numbers.slice(start, start + n * d));
    }
  return tensor(x.dtype, [batch, heads, n, d], all);
}
