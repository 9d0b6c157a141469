/** quantize, dequantize and requantize: cases worked by hand, and whole domains with every tie. */
import type { KernelSpec } from "@bitbudget/backend";
import { type DType, dtypes, scalar, tensor } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { open } from "../src/index.ts";
import { expectNumbers } from "./compare.ts";
import { numbers } from "./run.ts";

const all = { kind: "tensor" } as const;

function quantize(
  dtype: DType,
  x: readonly number[],
  scale: number,
  zeroPoint?: number,
  from: DType = "float32",
) {
  const spec: KernelSpec<"quantize"> = {
    op: "quantize",
    inputs: [{ dtype: from, shape: [x.length] }],
    attributes: { dtype, granularity: all, zeroPoint: zeroPoint !== undefined },
  };
  return numbers(spec, [x], {
    scale: scalar("float32", scale),
    ...(zeroPoint !== undefined && { zeroPoint: scalar(dtype, zeroPoint) }),
  });
}

/** n / divisor to the nearest integer, ties to even, in integers alone. */
function divided(n: number, divisor: number): number {
  const floor = Math.floor(n / divisor);
  const twice = 2 * (n - floor * divisor);
  return twice > divisor || (twice === divisor && floor % 2 !== 0) ? floor + 1 : floor;
}

const clamp = (x: number, { min, max }: { min: number; max: number }) => Math.max(min, Math.min(max, x));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("quantize", () => {
  test("rounds half to even and saturates", async () => {
    const x = [0, 0.25, 0.75, 1.25, -0.25, -0.75, -1.25, 63.25, 1000, -1000];
    expect(await quantize("int8", x, 0.5)).toEqual([0, 0, 2, 2, 0, -2, -2, 126, 127, -128]);
    expect(await quantize("uint8", x, 0.5, 128)).toEqual([128, 128, 130, 130, 128, 126, 126, 254, 255, 0]);
    expect(await quantize("int4", x, 0.5, 1)).toEqual([1, 1, 3, 3, 1, -1, -1, 7, 7, -8]);
    expect(await quantize("uint2", x, 0.5, 1)).toEqual([1, 1, 3, 3, 1, 0, 0, 3, 3, 0]);
  });

  test("NaN stands for 0, infinities saturate, and a scale of 0 follows the same rules", async () => {
    expect(await quantize("int8", [NaN, Infinity, -Infinity, -0], 1, 3)).toEqual([3, 127, -128, 3]);
    expect(await quantize("uint4", [NaN, Infinity, -Infinity], 1, 9)).toEqual([9, 15, 0]);
    expect(await quantize("uint8", [0, 1, -1], 0, 7)).toEqual([7, 255, 0]);
  });

  test("divides in float32", async () => {
    // 0.35 / 0.1 in float32 is 3.5 exactly, a tie; in float64 the float32 numbers give 3.49999995, and thus 3.
    expect(Math.fround(0.35) / Math.fround(0.1)).toBeLessThan(3.5);
    expect(await quantize("int8", [0.35], 0.1)).toEqual([4]);
  });

  test.each(["float16", "bfloat16", "float64"] as const)("takes %s", async (dtype) => {
    expect(await quantize("int8", [0.5, 1.5, 2.5, -3], 1, 0, dtype)).toEqual([0, 2, 2, -3]);
  });

  test("to floats rounds to the format and saturates", async () => {
    // float8_e4m3fn has steps of 1/8 from 1 to 2, its largest number is 448; float4_e2m1 has 0, 0.5, 1, 1.5, 2, 3, 4, 6.
    expect(await quantize("float8_e4m3fn", [1.0625, 1.1875, -3.3, 1e9, -Infinity], 1)).toEqual([
      1, 1.25, -3.25, 448, -448,
    ]);
    expect(await quantize("float8_e5m2", [Infinity, 1.125, 60000], 1)).toEqual([57344, 1, 57344]);
    expect(await quantize("float4_e2m1", [0.5, 1.5, 5, 7, 10, -100], 2)).toEqual([0, 1, 2, 4, 4, -6]);
    expect(await quantize("float8_e4m3fn", [NaN], 1)).toEqual([NaN]);
  });

  test("one scale for each channel, or each block, the last maybe shorter", async () => {
    const of = (granularity: KernelSpec<"quantize">["attributes"]["granularity"], shape: number[]) =>
      ({
        op: "quantize",
        inputs: [{ dtype: "float32", shape }],
        attributes: { dtype: "int8", granularity, zeroPoint: true },
      }) as const satisfies KernelSpec<"quantize">;
    const x = [1, 2, 3, 4, 5, 6];
    const scale = tensor("float32", [2], [1, 0.5]);
    const zeroPoint = tensor("int8", [2], [0, 10]);
    expect(await numbers(of({ kind: "channel", axis: 0 }, [2, 3]), [x], { scale, zeroPoint })).toEqual([
      1, 2, 3, 18, 20, 22,
    ]);
    expect(await numbers(of({ kind: "channel", axis: -1 }, [3, 2]), [x], { scale, zeroPoint })).toEqual([
      1, 14, 3, 18, 5, 22,
    ]);
    // Blocks of 2 along the first axis of [3, 2]: rows 0 and 1, then row 2 alone.
    const blocks = of({ kind: "block", axis: 0, size: 2, partial: true }, [3, 2]);
    expect(
      await numbers(blocks, [x], {
        scale: tensor("float32", [2, 2], [1, 0.5, 0.25, 2]),
        zeroPoint: tensor("int8", [2, 2], [0, 10, 20, 30]),
      }),
    ).toEqual([1, 14, 3, 18, 40, 33]);
    // Blocks of 2 along the last axis of [1, 5].
    const row = of({ kind: "block", axis: 1, size: 2, partial: true }, [1, 5]);
    expect(
      await numbers(row, [x.slice(0, 5)], {
        scale: tensor("float32", [1, 3], [1, 0.5, 0.25]),
        zeroPoint: tensor("int8", [1, 3], [0, 0, 1]),
      }),
    ).toEqual([1, 2, 6, 8, 21]);
  });

  test("scales are copied", async () => {
    await using backend = await open();
    const spec: KernelSpec<"quantize"> = {
      op: "quantize",
      inputs: [{ dtype: "float32", shape: [1] }],
      attributes: { dtype: "int8", granularity: all },
    };
    const scale = scalar("float32", 2);
    const kernel = await backend.prepare(spec, { scale });
    scale.data.fill(1);
    using x = backend.create({ dtype: "float32", shape: [1] }, Float32Array.of(8));
    using y = backend.create({ dtype: "int8", shape: [1] });
    backend.dispatch(kernel, [x], [y]);
    expect((await backend.read(y)).data).toEqual(Int8Array.of(4));
  });

  test("nothing of nothing", async () => expect(await quantize("int4", [], 1, 0)).toEqual([]));
});

describe.each(["uint8", "int8"] as const)("all of %s", (dtype) => {
  const { min, max } = dtypes[dtype];
  const codes = range(min, max);
  const granularity = { kind: "channel", axis: 0 } as const;
  const scale = tensor("float32", [256], new Array<number>(256).fill(0.25));
  const zeroPoint = tensor(dtype, [256], codes);
  const grid = codes.flatMap((zero) => codes.map((code) => ({ zero, code })));

  test("every code with every zero point there and back", async () => {
    const down: KernelSpec<"dequantize"> = {
      op: "dequantize",
      inputs: [{ dtype, shape: [256, 256] }],
      attributes: { output: "float32", granularity, zeroPoint: true },
    };
    const values = await numbers(down, [grid.map(({ code }) => code)], { scale, zeroPoint });
    expectNumbers(
      values,
      grid.map(({ zero, code }) => (code - zero) / 4),
    );
    const up: KernelSpec<"quantize"> = {
      op: "quantize",
      inputs: [{ dtype: "float32", shape: [256, 256] }],
      attributes: { dtype, granularity, zeroPoint: true },
    };
    expectNumbers(
      await numbers(up, [values], { scale, zeroPoint }),
      grid.map(({ code }) => code),
    );
  });

  test("every tie with every zero point", async () => {
    const spec: KernelSpec<"quantize"> = {
      op: "quantize",
      inputs: [{ dtype: "float32", shape: [256, 256] }],
      attributes: { dtype, granularity, zeroPoint: true },
    };
    // Half a step above each code.
    const halves = grid.map(({ zero, code }) => 2 * (code - zero) + 1);
    expectNumbers(
      await numbers(spec, [halves.map((n) => n / 8)], { scale, zeroPoint }),
      grid.map(({ zero }, i) => clamp(divided(halves[i]!, 2) + zero, { min, max })),
    );
  });
});

describe("dequantize", () => {
  function dequantize(dtype: DType, codes: readonly number[], scale: number, output: DType, zeroPoint = 0) {
    const spec: KernelSpec<"dequantize"> = {
      op: "dequantize",
      inputs: [{ dtype, shape: [codes.length] }],
      attributes: { output, granularity: all, zeroPoint: true },
    };
    return numbers(spec, [codes], { scale: scalar("float32", scale), zeroPoint: scalar(dtype, zeroPoint) });
  }

  test("(q - zeroPoint) * scale, rounded once to the output", async () => {
    expect(await dequantize("int8", [-128, 0, 127], 0.5, "float32", 27)).toEqual([-77.5, -13.5, 50]);
    expect(await dequantize("uint16", [0, 65535], 2, "float64", 65535)).toEqual([-131070, 0]);
    // 3 * 0.3 in float32, and 2049 in float16, which has even numbers alone up there.
    expect(await dequantize("uint2", [3], 0.3, "float32")).toEqual([Math.fround(3 * Math.fround(0.3))]);
    expect(await dequantize("int16", [2049, 2051], 1, "float16")).toEqual([2048, 2052]);
    expect(await dequantize("int16", [30000], 100, "float16")).toEqual([Infinity]);
  });

  test("32-bit differences are rounded to float32 first", async () => {
    expect(await dequantize("int32", [2 ** 24 + 1, 2 ** 24 + 3], 1, "float64")).toEqual([
      2 ** 24,
      2 ** 24 + 4,
    ]);
    expect(await dequantize("int32", [2 ** 31 - 1], 1, "float32", -(2 ** 31))).toEqual([2 ** 32]);
  });

  test.each(["int4", "uint4", "int2", "uint2"] as const)("every code of %s", async (dtype) => {
    const { min, max } = dtypes[dtype];
    const codes = range(min, max);
    expect(await dequantize(dtype, codes, 0.5, "float32", max)).toEqual(
      codes.map((code) => (code - max) / 2),
    );
  });

  test("float codes by their scale alone", async () => {
    const spec: KernelSpec<"dequantize"> = {
      op: "dequantize",
      inputs: [{ dtype: "float4_e2m1", shape: [3] }],
      attributes: { output: "float32", granularity: all },
    };
    expect(await numbers(spec, [[1.5, -6, -0]], { scale: scalar("float32", 0.5) })).toEqual([0.75, -3, -0]);
  });
});

describe("requantize", () => {
  function requantize(
    from: DType,
    to: DType,
    q: readonly number[],
    scale: number,
    zeros: readonly [number, number],
  ) {
    const spec: KernelSpec<"requantize"> = {
      op: "requantize",
      inputs: [{ dtype: from, shape: [q.length] }],
      attributes: { dtype: to, granularity: all },
    };
    return numbers(spec, [q], {
      scale: scalar("float32", scale),
      inputZeroPoint: scalar(from, zeros[0]),
      zeroPoint: scalar(to, zeros[1]),
    });
  }

  test.each([2, 4, 8])("every sum from -1100 to 1100 divided by %i, with every tie", async (divisor) => {
    const sums = range(-1100, 1100);
    for (const [to, zero] of [
      ["int8", 0],
      ["int8", -5],
      ["uint8", 128],
      ["uint8", 0],
    ] as const)
      expectNumbers(
        await requantize("int32", to, sums, 1 / divisor, [7, zero]),
        sums.map((sum) => clamp(divided(sum - 7, divisor) + zero, dtypes[to])),
      );
  });

  test("codes of one scale and zero point to codes of another", async () => {
    const codes = range(0, 255);
    expectNumbers(
      await requantize("uint8", "int8", codes, 0.5, [200, 3]),
      codes.map((code) => clamp(divided(code - 200, 2) + 3, dtypes.int8)),
    );
  });

  test("rounds the sum to float32, then the product to float32, then to an integer", async () => {
    // 2^24 + 1 becomes 2^24; times 2.5 * 2^-24 that is a tie. Without the first step it would be above 2.5.
    expect(await requantize("int32", "uint8", [2 ** 24 + 1, 2 ** 31 - 1], 2.5 * 2 ** -24, [0, 0])).toEqual([
      2, 255,
    ]);
    // 5 * fround(0.1) is 0.5000000075 in float64, a code of 1; in float32 it is 0.5, a tie, a code of 0.
    expect(5 * Math.fround(0.1)).toBeGreaterThan(0.5);
    expect(await requantize("int32", "int8", [5], 0.1, [0, 0])).toEqual([0]);
  });

  test("a scale for each channel", async () => {
    const spec: KernelSpec<"requantize"> = {
      op: "requantize",
      inputs: [{ dtype: "int32", shape: [2, 2] }],
      attributes: { dtype: "uint8", granularity: { kind: "channel", axis: 1 } },
    };
    const weights = {
      scale: tensor("float32", [2], [0.5, 2]),
      inputZeroPoint: scalar("int32", 0),
      zeroPoint: scalar("uint8", 100),
    };
    expect(await numbers(spec, [[3, 3, -5, 90]], weights)).toEqual([102, 106, 98, 255]);
  });
});
