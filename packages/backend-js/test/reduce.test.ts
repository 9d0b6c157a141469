/** reduce: by hand, integers against exact arithmetic, axes against plain indexing. */
import { type KernelSpec, type ReduceFunction, reduceFunctions, SpecError } from "@bitbudget/backend";
import { type DType, elementCount, type HostTensor, strides, tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { open } from "../src/index.ts";
import { expectNumbers, expectSame } from "./compare.ts";
import { integerNames, integersOf, integerTensor, largest, smallest, wrap } from "./integers.ts";
import { run } from "./run.ts";

async function apply(
  fn: ReduceFunction,
  x: HostTensor,
  axes: readonly number[],
  keepDims = false,
): Promise<HostTensor> {
  const spec: KernelSpec<"reduce"> = {
    op: "reduce",
    inputs: [x],
    attributes: { function: fn, axes, keepDims },
  };
  const [y] = await run(spec, [x]);
  return y!;
}

async function ofRow(fn: ReduceFunction, row: readonly number[], dtype: DType = "float32"): Promise<number> {
  return valuesOf(await apply(fn, tensor(dtype, [row.length], row), [0]))[0]!;
}

const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

describe("floats by hand", () => {
  const cases: readonly (readonly [ReduceFunction, readonly number[], number])[] = [
    ["sum", [1, -4, 7, 3], 7],
    ["mean", [1, -4, 7, 3], 1.75],
    ["max", [1, -4, 7, 3], 7],
    ["min", [1, -4, 7, 3], -4],
    ["prod", [1, -4, 7, 3], -84],
    ["l1", [1, -4, 7, 3], 15],
    ["l2", [3, -4], 5],
    ["sumSquare", [1, -4, 7, 3], 75],
    ["logSum", [1, -4, 7, 3], Math.log(7)],
    ["logSumExp", [0, 0], Math.LN2],
    // exp(1000) is no double, and exp(-1000) vanishes.
    ["logSumExp", [1000, 1000], 1000 + Math.LN2],
    ["logSumExp", [-1000, -1000], -1000 + Math.LN2],
    ["logSumExp", [inf, 0], inf],
    ["logSumExp", [inf, -inf], inf],
    ["logSumExp", [-inf, -inf], -inf],
    ["logSumExp", [nan, 0], nan],
    ["sum", [inf, -inf], nan],
    ["sum", [-0, -0], 0],
    ["max", [1, nan, 2], nan],
    ["min", [nan, 1], nan],
    ["max", [-0, 0], 0],
    ["min", [0, -0], -0],
    ["max", [-inf, -inf], -inf],
    ["prod", [0, inf], nan],
    ["logSum", [-1], nan],
  ];
  test.each(cases)("%s of %o", async (fn, row, expected) => {
    for (const dtype of ["float64", "float32"] as const)
      expectNumbers([await ofRow(fn, row, dtype)], [dtype === "float32" ? Math.fround(expected) : expected]);
  });

  test("of no elements", async () => {
    const ofNothing: { readonly [F in ReduceFunction]: number } = {
      sum: 0,
      mean: nan,
      max: -inf,
      min: inf,
      prod: 1,
      l1: 0,
      l2: 0,
      sumSquare: 0,
      logSum: -inf,
      logSumExp: -inf,
    };
    for (const fn of reduceFunctions)
      for (const dtype of ["float64", "float32", "float16", "bfloat16"] as const) {
        const expected = tensor(dtype, [2], [ofNothing[fn], ofNothing[fn]]);
        expectSame(await apply(fn, tensor(dtype, [2, 0]), [1]), expected);
        expectSame(await apply(fn, tensor(dtype, [0, 2]), [1]), tensor(dtype, [0]));
      }
  });

  test("the sum is rounded once, not at each step", async () => {
    // In float16, 2048 + 1 is 2048 again; in float32, so is 2^24 + 1.
    expect(await ofRow("sum", [2048, ...new Array<number>(10).fill(1)], "float16")).toBe(2058);
    expect(await ofRow("sum", [2 ** 24, 1, 1, 1, 1])).toBe(2 ** 24 + 4);
    expect(await ofRow("mean", [60000, 60000], "float16")).toBe(60000);
    expect(await ofRow("sum", [60000, 60000], "float16")).toBe(inf);
  });
});

describe("integers", () => {
  test.each(integerNames)("%s is exact, then wraps", async (dtype) => {
    const [min, max] = [smallest(dtype), largest(dtype)];
    const rows = [
      [max, max, max],
      [min, min, max],
      [max, 1n, 0n],
      [min, 1n, 1n],
      [7n, 5n, 3n],
    ];
    const sum = (row: readonly bigint[]) => row.reduce((a, b) => a + b, 0n);
    const abs = (x: bigint) => (x < 0n ? -x : x);
    const expected: { readonly [fn: string]: (row: readonly bigint[]) => bigint } = {
      sum,
      mean: (row) => sum(row) / 3n,
      prod: (row) => row.reduce((a, b) => a * b, 1n),
      l1: (row) => sum(row.map(abs)),
      sumSquare: (row) => sum(row.map((x) => x * x)),
      max: (row) => row.find((x) => row.every((other) => other <= x))!,
      min: (row) => row.find((x) => row.every((other) => other >= x))!,
    };
    for (const [fn, of] of Object.entries(expected)) {
      const y = await apply(fn as ReduceFunction, integerTensor(dtype, rows.flat(), [5, 3]), [1]);
      expect([fn, ...integersOf(y)]).toEqual([fn, ...rows.map((row) => wrap(dtype, of(row)))]);
    }
  });

  test("means, norms and logarithms are cut off", async () => {
    const ofInts = (fn: ReduceFunction, ...row: number[]) => ofRow(fn, row, "int32");
    expect(await ofInts("mean", -3, -4)).toBe(-3);
    expect(await ofInts("mean", 3, 4)).toBe(3);
    expect(await ofInts("l2", 3, 3)).toBe(4);
    expect(await ofInts("l2", 3, 4)).toBe(5);
    expect(await ofInts("logSum", 3, 4, 5)).toBe(2);
    expect(await ofInts("logSumExp", 3, 3)).toBe(3);
    expect(integersOf(await apply("logSum", integerTensor("int64", [1n, 2n, 3n]), [0]))).toEqual([1n]);
    // -Infinity saturates, and NaN is 0.
    expect(await ofInts("logSum", 0)).toBe(-(2 ** 31));
    expect(await ofInts("logSum", -1)).toBe(0);
    // 94906267 squared less 1: its root, as a double, is 94906267.
    const root = 94906267n;
    const squares = integerTensor("int64", [root, -1n]);
    expect(integersOf(await apply("l2", squares, [0]))).toEqual([root]);
  });

  test("of no elements", async () => {
    for (const dtype of integerNames) {
      const [min, max] = [smallest(dtype), largest(dtype)];
      const expected = {
        sum: 0n,
        mean: 0n,
        prod: 1n,
        l1: 0n,
        l2: 0n,
        sumSquare: 0n,
        max: min,
        min: max,
        logSum: min,
        logSumExp: min,
      };
      for (const fn of reduceFunctions)
        expect([fn, ...integersOf(await apply(fn, integerTensor(dtype, [], [0]), [0]))]).toEqual([
          fn,
          expected[fn],
        ]);
    }
  });

  test("bools: max is any, min is all", async () => {
    const x = tensor("bool", [2, 2], [0, 1, 1, 1]);
    expectSame(await apply("max", x, [1]), tensor("bool", [2], [1, 1]));
    expectSame(await apply("min", x, [1]), tensor("bool", [2], [0, 1]));
    expectSame(await apply("max", tensor("bool", [0]), [0]), tensor("bool", [], [0]));
    expectSame(await apply("min", tensor("bool", [0]), [0]), tensor("bool", [], [1]));
  });
});

describe("axes", () => {
  const shapes = fc
    .array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 })
    .chain((shape) => fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, axis) => axis)), fc.boolean()));

  test("each element counts for the result at its position on the other axes", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ([shape, axes, keepDims]) => {
        const x = Array.from({ length: elementCount(shape) }, (_, i) => 2 ** (i % 20) + i);
        const kept = shape.map((d, axis) => (axes.includes(axis) ? 1 : d));
        const sums = new Array<number>(elementCount(kept)).fill(0);
        for (const [i, value] of x.entries()) {
          const position = strides(shape).map((step, axis) => Math.floor(i / step) % shape[axis]!);
          const at = strides(kept).reduce(
            (sum, step, axis) => sum + (axes.includes(axis) ? 0 : step * position[axis]!),
            0,
          );
          sums[at]! += value;
        }
        const expected = tensor(
          "float64",
          keepDims ? kept : kept.filter((_, axis) => !axes.includes(axis)),
          sums,
        );
        expectSame(await apply("sum", tensor("float64", shape, x), axes, keepDims), expected);
      }),
    );
  });

  test("without axes the function applies to each element", async () => {
    expectSame(await apply("l1", tensor("float32", [2], [-1, 2]), []), tensor("float32", [2], [1, 2]));
    expectSame(await apply("sumSquare", tensor("float32", [], [3]), []), tensor("float32", [], [9]));
  });

  test("must be ascending and within the rank", async () => {
    await using backend = await open();
    const spec = (
      axes: number[],
      dtype: DType = "float32",
      fn: ReduceFunction = "sum",
    ): KernelSpec<"reduce"> => ({
      op: "reduce",
      inputs: [{ dtype, shape: [2, 2] }],
      attributes: { function: fn, axes, keepDims: true },
    });
    expect(() => backend.supports(spec([1, 0]))).toThrow(SpecError);
    expect(() => backend.supports(spec([-1]))).toThrow(SpecError);
    expect(() => backend.supports(spec([0], "bool"))).toThrow(SpecError);
  });
});
