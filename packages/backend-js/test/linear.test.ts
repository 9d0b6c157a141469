/** linear of floats and of decoded weights, and what holds in every arithmetic. */
import type { LinearAttributes, Weights } from "@bitbudget/backend";
import { type DType, dtypes, type HostTensor, tensor } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { open } from "../src/index.ts";
import { f32, linear } from "./linear.ts";
import { numbers } from "./run.ts";

describe("float", () => {
  const weight = f32([2, 3], [1, 2, 3, -1, 0, 0.5]);

  test("every row with every row of weights, plus bias", async () => {
    const spec = linear("float32", [2, 1, 3], {
      channels: 2,
      weight: { dtype: "float32" },
      output: "float32",
      bias: "float32",
    });
    // 1 + 4 + 9 + 10, -1 + 1.5 + 20; 4 + 10 + 18 + 10, -4 + 3 + 20.
    expect(await numbers(spec, [[1, 2, 3, 4, 5, 6]], { weight, bias: f32([2], [10, 20]) })).toEqual([
      24, 20.5, 42, 19,
    ]);
  });

  test("an activation at the end", async () => {
    const spec = (activation: LinearAttributes["activation"] & object) =>
      linear("float32", [3], { channels: 2, weight: { dtype: "float32" }, output: "float32", activation });
    const x = [[-1, 0, 4]];
    expect(await numbers(spec({ fn: "identity" }), x, { weight })).toEqual([11, 3]);
    expect(await numbers(spec({ fn: "clip", min: 4, max: 8 }), x, { weight })).toEqual([8, 4]);
    expect(await numbers(spec({ fn: "leakyRelu", alpha: 0.5 }), [[0, 0, -2]], { weight })).toEqual([
      -3, -0.5,
    ]);
  });

  test("is rounded once, to the format of the output", async () => {
    const spec = (output: DType) =>
      linear("float32", [2], { channels: 1, weight: { dtype: "float32" }, output });
    const sum = (output: DType, x: number[]) => numbers(spec(output), [x], { weight: f32([1, 2], [1, 1]) });
    // In float32 2^24 + 1 is 2^24.
    expect(await sum("float64", [2 ** 24, 1])).toEqual([2 ** 24 + 1]);
    expect(await sum("float32", [2 ** 24, 1])).toEqual([2 ** 24]);
    // 2049 lies between the float16 numbers 2048 and 2050, and 2049 + 2^-13 is nearer to 2050: float32 would lose that.
    expect(await sum("float16", [2049, 2 ** -13])).toEqual([2050]);
    expect(await sum("float16", [2049, 0])).toEqual([2048]);
    expect(await sum("float16", [65504, 65504])).toEqual([Infinity]);
    expect(await sum("bfloat16", [256, 1])).toEqual([256]);
  });

  test("float64 stays float64", async () => {
    const spec = linear("float64", [2], { channels: 1, weight: { dtype: "float64" }, output: "float64" });
    expect(
      await numbers(spec, [[1, 2 ** -40]], { weight: tensor("float64", [1, 2], [1 + 2 ** -50, 1]) }),
    ).toEqual([1 + 2 ** -50 + 2 ** -40]);
  });

  test("NaN and infinity spread, and only along their row", async () => {
    const spec = linear("float32", [3, 2], { channels: 1, weight: { dtype: "float32" }, output: "float32" });
    const x = [NaN, 1, Infinity, 1, 1, 1];
    expect(await numbers(spec, [x], { weight: f32([1, 2], [1, 1]) })).toEqual([NaN, Infinity, 2]);
    expect(await numbers(spec, [x], { weight: f32([1, 2], [0, 1]) })).toEqual([NaN, NaN, 1]);
  });
});

describe("weight-only", () => {
  const block = (dtype: DType, zeroPoint: boolean): LinearAttributes => ({
    channels: 2,
    weight: { dtype, granularity: { kind: "block", size: 2 }, zeroPoint },
    output: "float32",
  });

  test("4-bit codes in blocks that do not divide the row", async () => {
    const spec = linear("float32", [1, 5], block("uint4", true));
    const weights = {
      // 10 codes in 5 bytes: the second row starts in the middle of a byte.
      weight: tensor("uint4", [2, 5], [0, 1, 2, 3, 4, 15, 14, 13, 12, 11]),
      scale: f32([2, 3], [1, 2, 0.5, 1, 10, 100]),
      zeroPoint: tensor("uint4", [2, 3], [0, 2, 4, 15, 13, 10]),
    };
    expect(weights.weight.data).toHaveLength(5);
    // Row 0: 0 1 | 0 2 | 0. Row 1: 0 -1 | 0 -10 | 100.
    expect(await numbers(spec, [[1, 1, 1, 1, 1]], weights)).toEqual([3, 89]);
    expect(await numbers(spec, [[1, 2, 3, 4, 5]], weights)).toEqual([10, 458]);
  });

  test("2-bit codes, signed, without zero points", async () => {
    const spec = linear("float32", [3], block("int2", false));
    const weights = {
      weight: tensor("int2", [2, 3], [-2, -1, 0, 1, 1, -2]),
      scale: f32([2, 2], [1, 1, 0.5, 3]),
    };
    expect(await numbers(spec, [[1, 10, 100]], weights)).toEqual([-12, -594.5]);
  });

  test.each(["int8", "uint8", "int4", "uint4", "int2", "uint2"] as const)(
    "%s by tensor, channel and block is the float linear of the decoded weights",
    async (dtype) => {
      const { min, max } = dtypes[dtype];
      const code = fc.integer({ min, max });
      const real = fc.integer({ min: -64, max: 64 }).map((n) => n / 16);
      await fc.assert(
        fc.asyncProperty(
          fc.record({ rows: fc.nat(3), depth: fc.nat(9), channels: fc.integer({ min: 1, max: 4 }) }),
          fc.constantFrom<"tensor" | "channel" | "block">("tensor", "channel", "block"),
          fc.integer({ min: 1, max: 5 }),
          fc.infiniteStream(code),
          fc.infiniteStream(real),
          async ({ rows, depth, channels }, kind, size, codeStream, realStream) => {
            const codes = [...codeStream.take(channels * depth)];
            const blocks = kind === "block" ? Math.ceil(depth / size) : 1;
            const shape = kind === "tensor" ? [] : kind === "channel" ? [channels] : [channels, blocks];
            const count = shape.reduce((product, length) => product * length, 1);
            const scales = [...realStream.take(count)];
            const zeros = [...codeStream.take(count)];
            const x = [...realStream.take(rows * depth)];
            // Small multiples of powers of two: every sum is exact.
            const decoded = codes.map((q, i) => {
              const [n, k] = [Math.floor(i / depth), i % depth];
              const group =
                kind === "tensor" ? 0 : kind === "channel" ? n : n * blocks + Math.floor(k / size);
              return (q - zeros[group]!) * scales[group]!;
            });
            const granularity = kind === "block" ? { kind, size } : { kind };
            const attributes = { channels, output: "float32" } as const;
            const coded = await numbers(
              linear("float32", [rows, depth], {
                ...attributes,
                weight: { dtype, granularity, zeroPoint: true },
              }),
              [x],
              {
                weight: tensor(dtype, [channels, depth], codes),
                scale: f32(shape, scales),
                zeroPoint: tensor(dtype, shape, zeros),
              },
            );
            const float = await numbers(
              linear("float32", [rows, depth], { ...attributes, weight: { dtype: "float32" } }),
              [x],
              { weight: f32([channels, depth], decoded) },
            );
            // + 0: a product with a negative scale may be -0.
            expect(coded.map((y) => y + 0)).toEqual(float.map((y) => y + 0));
          },
        ),
        { numRuns: 40, seed: 1 },
      );
    },
  );
});

describe("of any arithmetic", () => {
  const attributes: LinearAttributes = {
    channels: 2,
    weight: { dtype: "float32" },
    output: "float32",
    bias: "float32",
  };
  const bias = f32([2], [3, 4]);

  test("no rows, and sums of no terms", async () => {
    expect(
      await numbers(linear("float32", [0, 3], attributes), [[]], {
        weight: f32([2, 3], [1, 2, 3, 4, 5, 6]),
        bias,
      }),
    ).toEqual([]);
    expect(
      await numbers(linear("float32", [2, 0], attributes), [[]], { weight: f32([2, 0], []), bias }),
    ).toEqual([3, 4, 3, 4]);
    for (const dynamic of [
      { dtype: "uint8", granularity: "tensor" },
      { dtype: "int8", granularity: "row" },
      { dtype: "int8", granularity: "block" },
    ] as const) {
      const block = dynamic.granularity === "block";
      const granularity = block ? ({ kind: "block", size: 4 } as const) : ({ kind: "channel" } as const);
      const spec = linear("float32", [1, 0], {
        ...attributes,
        weight: { dtype: "int4", granularity },
        dynamic,
      });
      const scale = block ? f32([2, 0], []) : f32([2], [1, 2]);
      expect(await numbers(spec, [[]], { weight: tensor("int4", [2, 0]), scale, bias })).toEqual([3, 4]);
    }
  });

  test("weights are copied, and counted as bytes until they are disposed", async () => {
    await using backend = await open();
    const weights: Weights<"linear"> & { weight: HostTensor<"float32"> } = {
      weight: f32([2, 1], [1, 2]),
      bias,
    };
    const kernel = await backend.prepare(linear("float32", [1], attributes), weights);
    weights.weight.data.fill(100);
    using x = backend.create({ dtype: "float32", shape: [1] }, Float32Array.of(1));
    using y = backend.create({ dtype: "float32", shape: [2] });
    backend.dispatch(kernel, [x], [y]);
    expect((await backend.read(y)).data).toEqual(Float32Array.of(4, 6));
    expect(kernel.bytes).toBe(8);
    expect(backend.bytes).toBe(8 + 4 + 8);
    kernel.dispose();
    expect(backend.bytes).toBe(4 + 8);
  });

  test("says which kernels compute on codes and which decode them first", async () => {
    await using backend = await open();
    const int8 = { dtype: "int8", granularity: { kind: "channel" } } as const;
    const how = (dtype: DType, more: Partial<LinearAttributes>) =>
      backend.supports(linear(dtype, [1, 2], { channels: 2, weight: int8, output: "float32", ...more }));
    expect(how("float32", { weight: { dtype: "float16" } })).toEqual({
      supported: true,
      arithmetic: "native",
    });
    expect(how("float32", {})).toEqual({ supported: true, arithmetic: "decoded" });
    expect(how("uint8", {})).toEqual({ supported: true, arithmetic: "native" });
    expect(how("uint8", { output: "uint8" })).toEqual({ supported: true, arithmetic: "native" });
    expect(how("float16", { dynamic: { dtype: "int8", granularity: "row" } })).toEqual({
      supported: true,
      arithmetic: "native",
    });
  });
});
