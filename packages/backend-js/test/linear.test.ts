/** linear in its four arithmetics: cases worked by hand, whole domains of codes, and what must agree with what. */
import type { KernelSpec, LinearAttributes, Weights } from "@bitbudget/backend";
import { type DType, dtypes, type HostTensor, scalar, tensor } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { open } from "../src/index.ts";
import { expectNumbers } from "./compare.ts";
import { numbers } from "./run.ts";

function linear(dtype: DType, shape: readonly number[], attributes: LinearAttributes): KernelSpec<"linear"> {
  return { op: "linear", inputs: [{ dtype, shape }], attributes };
}

const f32 = (shape: readonly number[], values: readonly number[]) => tensor("float32", shape, values);
const one = scalar("float32", 1);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

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

describe("static", () => {
  const weight = { dtype: "int8", granularity: { kind: "tensor" } } as const;

  test("raw sums of every uint8 code times every int8 code", async () => {
    const spec = linear("uint8", [256, 1], {
      channels: 256,
      weight: { ...weight, zeroPoint: true },
      output: "int32",
    });
    for (const [zero, weightZero] of [
      [0, 0],
      [255, -128],
      [128, 127],
    ] as const)
      expectNumbers(
        await numbers(spec, [range(0, 255)], {
          weight: tensor("int8", [256, 1], range(-128, 127)),
          inputZeroPoint: scalar("uint8", zero),
          zeroPoint: scalar("int8", weightZero),
        }),
        range(0, 255).flatMap((x) => range(-128, 127).map((w) => (x - zero) * (w - weightZero) + 0)),
      );
  });

  test("8-bit output: the sum is scaled, rounded half to even, and moved by the zero point", async () => {
    const spec = linear("uint8", [4, 2], { channels: 1, weight, output: "int8", bias: "int32" });
    const weights = {
      weight: tensor("int8", [1, 2], [1, 1]),
      bias: tensor("int32", [1], [3]),
      inputScale: scalar("float32", 0.5),
      inputZeroPoint: scalar("uint8", 10),
      scale: scalar("float32", 0.25),
      outputScale: scalar("float32", 0.25),
      outputZeroPoint: scalar("int8", -1),
    };
    // Sums 3, 4, 5 and 403; half of that 1.5, 2, 2.5 and 201.5.
    expect(await numbers(spec, [[10, 10, 11, 10, 11, 11, 210, 210]], weights)).toEqual([1, 1, 1, 127]);
  });

  test("the multiplier is made of float32 steps", async () => {
    const spec = linear("int8", [1], { channels: 1, weight, output: "int8" });
    // 0.01 * 0.05 / 0.001: a half, and 3 a tie. In one step from float64 it would be 0.49999997, and 3 would become 1.
    const [a, b, y] = [Math.fround(0.01), Math.fround(0.05), Math.fround(0.001)];
    expect(Math.fround((a * b) / y)).toBeLessThan(0.5);
    const weights = {
      weight: tensor("int8", [1, 1], [1]),
      inputScale: scalar("float32", a),
      inputZeroPoint: scalar("int8", 0),
      scale: scalar("float32", b),
      outputScale: scalar("float32", y),
      outputZeroPoint: scalar("int8", 0),
    };
    expect(await numbers(spec, [[3]], weights)).toEqual([2]);
  });

  test("relu and clip clamp between codes", async () => {
    const spec = (activation: LinearAttributes["activation"] & object) =>
      linear("int8", [3, 1], { channels: 1, weight, output: "uint8", activation });
    const weights = {
      weight: tensor("int8", [1, 1], [1]),
      inputScale: one,
      inputZeroPoint: scalar("int8", 0),
      scale: one,
      outputScale: scalar("float32", 0.5),
      outputZeroPoint: scalar("uint8", 100),
    };
    const x = [[-20, 0, 20]];
    expect(await numbers(spec({ fn: "relu" }), x, weights)).toEqual([100, 100, 140]);
    // Bounds of -1.25 and 6: -2.5 steps, a tie, and 12.
    expect(await numbers(spec({ fn: "clip", min: -1.25, max: 6 }), x, weights)).toEqual([98, 100, 112]);
    expect(await numbers(spec({ fn: "clip", max: 6 }), x, weights)).toEqual([60, 100, 112]);
    expect(await numbers(spec({ fn: "clip", min: 8, max: 6 }), x, weights)).toEqual([112, 112, 112]);
  });

  test("float output: scaled sums, an int32 bias in their unit or a float32 one beside them", async () => {
    const weights = {
      weight: tensor("int8", [2, 2], [1, 2, 3, 4]),
      inputScale: scalar("float32", 0.5),
      inputZeroPoint: scalar("uint8", 1),
      scale: f32([2], [0.25, 2]),
    };
    const spec = (bias: "int32" | "float32") =>
      linear("uint8", [2], {
        channels: 2,
        weight: { dtype: "int8", granularity: { kind: "channel" } },
        output: "float32",
        bias,
        activation: { fn: "relu" },
      });
    // Sums 2 and 6; units 1/8 and 1.
    expect(
      await numbers(spec("int32"), [[3, 1]], { ...weights, bias: tensor("int32", [2], [1, -4]) }),
    ).toEqual([0.375, 2]);
    expect(await numbers(spec("float32"), [[3, 1]], { ...weights, bias: f32([2], [1, -8]) })).toEqual([
      1.25, 0,
    ]);
  });

  test("float output: a unit in float32, and a sum that wraps with its bias", async () => {
    const spec = linear("uint8", [1], { channels: 1, weight, output: "float32", bias: "int32" });
    const weights = (inputScale: number, scale: number, bias: number) => ({
      weight: tensor("int8", [1, 1], [1]),
      inputScale: scalar("float32", inputScale),
      inputZeroPoint: scalar("uint8", 0),
      scale: scalar("float32", scale),
      bias: tensor("int32", [1], [bias]),
    });
    // 5 * fround(0.01 * 0.05), which is one place above the float32 nearest to 5 * 0.01 * 0.05.
    const [y = 0] = await numbers(spec, [[5]], weights(0.01, 0.05, 0));
    expect(y).toBe(0.002500000176951289);
    // 2^31 + 4 becomes -2^31 + 4, half of which has no float32 of its own.
    expect(await numbers(spec, [[5]], weights(1, 0.5, 2 ** 31 - 1))).toEqual([-(2 ** 30)]);
  });

  test("float output from 4-bit weights in blocks", async () => {
    const spec = linear("int8", [3], {
      channels: 1,
      weight: { dtype: "int4", granularity: { kind: "block", size: 2 } },
      output: "float32",
    });
    expect(
      await numbers(spec, [[1, 2, 3]], {
        weight: tensor("int4", [1, 3], [7, -8, 5]),
        scale: f32([1, 2], [1, 0.5]),
        inputScale: scalar("float32", 2),
        inputZeroPoint: scalar("int8", -1),
      }),
      // (2 * 7 - 3 * 8) * 2 + (4 * 5) * 1
    ).toEqual([0]);
  });

  test("sums wrap at 2^31, as int32 does", async () => {
    const depth = 33026;
    const spec = linear("uint8", [depth], { channels: 1, weight: { dtype: "uint8" }, output: "int32" });
    expect(
      await numbers(spec, [new Array<number>(depth).fill(255)], {
        weight: tensor("uint8", [1, depth], new Array<number>(depth).fill(255)),
        inputZeroPoint: scalar("uint8", 0),
      }),
    ).toEqual([depth * 255 * 255 - 2 ** 32]);
  });

  test("an 8-bit output is the raw sum requantized", async () => {
    const code = fc.integer({ min: -128, max: 127 });
    const scale = fc.float({ min: Math.fround(0.001), max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(code, { minLength: 7, maxLength: 7 }),
        fc.array(code, { minLength: 7, maxLength: 7 }),
        fc.tuple(scale, scale, scale),
        fc.tuple(code, code),
        async (x, w, [inputScale, weightScale, outputScale], [inputZero, outputZero]) => {
          const attributes = { channels: 1, weight } as const;
          const common = { weight: tensor("int8", [1, 7], w), inputZeroPoint: scalar("int8", inputZero) };
          const sums = await numbers(linear("int8", [7], { ...attributes, output: "int32" }), [x], common);
          const codes = await numbers(linear("int8", [7], { ...attributes, output: "int8" }), [x], {
            ...common,
            inputScale: scalar("float32", inputScale),
            scale: scalar("float32", weightScale),
            outputScale: scalar("float32", outputScale),
            outputZeroPoint: scalar("int8", outputZero),
          });
          const requantize: KernelSpec<"requantize"> = {
            op: "requantize",
            inputs: [{ dtype: "int32", shape: [1] }],
            attributes: { dtype: "int8", granularity: { kind: "tensor" } },
          };
          const steps = Float32Array.of(inputScale * weightScale);
          const multiplier = Float32Array.of(steps[0]! / outputScale);
          expect(codes).toEqual(
            await numbers(requantize, [sums], {
              scale: tensor("float32", [], multiplier),
              inputZeroPoint: scalar("int32", 0),
              zeroPoint: scalar("int8", outputZero),
            }),
          );
        },
      ),
      { numRuns: 60, seed: 2 },
    );
  });
});

describe("dynamic", () => {
  const int8 = { dtype: "int8", granularity: { kind: "tensor" } } as const;
  const identity = tensor("int8", [2, 2], [1, 0, 0, 1]);

  test("uint8, one scale for the tensor", async () => {
    const spec = linear("float32", [2, 2], {
      channels: 2,
      weight: int8,
      dynamic: { dtype: "uint8", granularity: "tensor" },
      output: "float32",
    });
    // From -55 to 200 the scale is 1 and the zero point 55, added after the rounding: 0.5 becomes 0, 55.5 would be 56.
    expect(await numbers(spec, [[-55, 200, 0.5, 1.5]], { weight: identity, scale: one })).toEqual([
      -55, 200, 0, 2,
    ]);
    // Positive numbers: the range takes in 0. Nothing but zeros: the scale is 1.
    expect(await numbers(spec, [[255, 1.4, 2, 3]], { weight: identity, scale: one })).toEqual([255, 1, 2, 3]);
    expect(await numbers(spec, [[0, 0, -0, 0]], { weight: identity, scale: one })).toEqual([0, 0, 0, 0]);
    // NaN does not count, and stands for 0.
    expect(await numbers(spec, [[255, NaN, 2, 3]], { weight: identity, scale: one })).toEqual([255, 0, 2, 3]);
  });

  test("int8, a scale for each row", async () => {
    const spec = linear("float32", [3, 2], {
      channels: 2,
      weight: int8,
      dynamic: { dtype: "int8", granularity: "row" },
      output: "float32",
      bias: "float32",
    });
    const x = [127, 2.5, -254, 5, 0, 0];
    expect(await numbers(spec, [x], { weight: identity, scale: one, bias: f32([2], [0, 0.5]) })).toEqual([
      127, 2.5, -254, 4.5, 0, 0.5,
    ]);
  });

  test("int8 codes stay within -127 and 127, even where the scale is too small to be exact", async () => {
    const spec = linear("float32", [1, 2], {
      channels: 2,
      weight: int8,
      dynamic: { dtype: "int8", granularity: "row" },
      output: "float64",
    });
    // 178 steps of the smallest float32; 178 / 127 of it is rounded to 1.
    const tiny = 2 ** -149;
    expect(await numbers(spec, [[-178 * tiny, 3 * tiny]], { weight: identity, scale: one })).toEqual([
      -127 * tiny,
      3 * tiny,
    ]);
  });

  test("int8, a scale for each block of each row", async () => {
    const spec = linear("float32", [2, 3], {
      channels: 1,
      weight: { dtype: "int4", granularity: { kind: "block", size: 2 } },
      dynamic: { dtype: "int8", granularity: "block" },
      output: "float32",
    });
    const weights = { weight: tensor("int4", [1, 3], [1, 2, 3]), scale: f32([1, 2], [1, 0.5]) };
    // Scales 1 and 2 of the first row; 0 (nothing to quantize) and 1/127 of the second.
    expect(await numbers(spec, [[-127, 2.5, 254, 0, 0, 1]], weights)).toEqual([
      -127 + 2 * 2 + 254 * 3 * 0.5,
      Math.fround((127 * 3 * Math.fround(1 / 127)) / 2),
    ]);
  });

  test("a scale for each row with weights in blocks", async () => {
    const spec = linear("float32", [2, 3], {
      channels: 1,
      weight: { dtype: "uint2", granularity: { kind: "block", size: 2 }, zeroPoint: true },
      dynamic: { dtype: "int8", granularity: "row" },
      output: "float32",
    });
    const weights = {
      weight: tensor("uint2", [1, 3], [3, 1, 0]),
      scale: f32([1, 2], [1, 10]),
      zeroPoint: tensor("uint2", [1, 2], [2, 1]),
    };
    // Weights 1 -1 | -10.
    expect(await numbers(spec, [[127, 3, 1, 254, 3, 7]], weights)).toEqual([127 - 3 - 10, 254 - 4 - 80]);
  });
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
