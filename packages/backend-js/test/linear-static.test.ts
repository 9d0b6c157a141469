/** linear of 8-bit activations: whole domains of codes, and each rounding by hand. */
import type { KernelSpec, LinearAttributes } from "@bitbudget/backend";
import { scalar, tensor } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectNumbers } from "./compare.ts";
import { f32, linear, one, range } from "./linear.ts";
import { numbers } from "./run.ts";

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
