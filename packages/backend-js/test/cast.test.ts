import { type DType, tensor } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { numbers, run } from "./run.ts";

async function castOf(
  from: DType,
  to: DType,
  values: readonly number[],
  saturate?: boolean,
): Promise<number[]> {
  const attributes = saturate === undefined ? { to } : { to, saturate };
  return numbers({ op: "cast", inputs: [{ dtype: from, shape: [values.length] }], attributes }, [values]);
}

describe("cast", () => {
  test("drops the fraction of a float, saturates, and takes NaN for 0", async () => {
    const values = [-2.7, -0.5, 0.5, 2.7, 300, -300, Number.NaN, Number.POSITIVE_INFINITY];
    expect(await castOf("float32", "int8", values)).toEqual([-2, 0, 0, 2, 127, -128, 0, 127]);
    expect(await castOf("float32", "uint4", [-3, 7.9, 99])).toEqual([0, 7, 15]);
    expect(await castOf("float32", "int64", [-2.7, 2 ** 40])).toEqual([-2, 2 ** 40]);
  });

  test("keeps the low bits of an integer", async () => {
    expect(await castOf("int32", "int8", [127, 128, 255, 256, -129])).toEqual([127, -128, -1, 0, 127]);
    expect(await castOf("int32", "uint8", [-1, 256, 511])).toEqual([255, 0, 255]);
    expect(await castOf("int64", "int32", [2 ** 31, -(2 ** 31) - 1])).toEqual([-(2 ** 31), 2 ** 31 - 1]);
    expect(await castOf("int8", "int4", [7, 8, -9])).toEqual([7, -8, 7]);
    expect(await castOf("int32", "uint2", [3, 4, -1])).toEqual([3, 0, 3]);
    expect(await castOf("int32", "uint64", [5])).toEqual([5]);
  });

  test("makes everything but zero true, NaN too", async () => {
    expect(await castOf("float32", "bool", [0, -0, 0.1, Number.NaN])).toEqual([0, 0, 1, 1]);
    expect(await castOf("int64", "bool", [0, 2 ** 40])).toEqual([0, 1]);
    expect(await castOf("bool", "float32", [0, 1])).toEqual([0, 1]);
  });

  test("rounds to floats once, and saturates float8 where asked", async () => {
    expect(await castOf("float32", "float16", [1 + 2 ** -11, 1 + 3 * 2 ** -11, 1e6])).toEqual([
      1,
      1 + 2 ** -9,
      Number.POSITIVE_INFINITY,
    ]);
    expect(await castOf("float32", "float8_e4m3fn", [1000])).toEqual([448]);
    expect(await castOf("float32", "float8_e4m3fn", [1000], false)).toEqual([Number.NaN]);
    expect(await castOf("float32", "float8_e5m2", [1e6], false)).toEqual([Number.POSITIVE_INFINITY]);
  });

  test("rounds a 64-bit integer to float32 without stopping at a double", async () => {
    // 2^60 + 2^36 is halfway between two float32 numbers; one more lies above, though no double says so.
    const x = {
      dtype: "int64",
      shape: [2],
      data: BigInt64Array.of(2n ** 60n + 2n ** 36n, 2n ** 60n + 2n ** 36n + 1n),
    } as const;
    const [y] = await run({ op: "cast", inputs: [x], attributes: { to: "float32" } }, [x]);
    expect(y?.data).toEqual(Float32Array.of(2 ** 60, 2 ** 60 + 2 ** 37));
  });
});

describe("where, slice, expand", () => {
  test("where broadcasts all three", async () => {
    const inputs = [
      { dtype: "bool", shape: [2, 1] },
      { dtype: "int64", shape: [3] },
      { dtype: "int64", shape: [1, 1] },
    ] as const;
    const values = [[1, 0], [1, 2, 3], [9]];
    expect(await numbers({ op: "where", inputs, attributes: {} }, values)).toEqual([1, 2, 3, 9, 9, 9]);
  });

  test("slice goes backwards, skips, and may be empty", async () => {
    const x = tensor("float32", [2, 4], [0, 1, 2, 3, 4, 5, 6, 7]);
    const cut = (starts: number[], steps: number[], sizes: number[]) =>
      numbers({ op: "slice", inputs: [x], attributes: { starts, steps, sizes } }, [x]);
    expect(await cut([1, 3], [-1, -2], [2, 2])).toEqual([7, 5, 3, 1]);
    expect(await cut([0, 1], [1, 1], [2, 0])).toEqual([]);
    await expect(cut([0, 1], [1, 2], [2, 3])).rejects.toThrow("leaves the axis of length 4");
  });

  test("expand repeats along axes of length 1 and new ones", async () => {
    const spec = {
      op: "expand",
      inputs: [{ dtype: "int64", shape: [2, 1] }],
      attributes: { shape: [2, 2, 2] },
    } as const;
    expect(await numbers(spec, [[5, -6]])).toEqual([5, 5, -6, -6, 5, 5, -6, -6]);
  });
});
