/** unary: functions against mpmath (vectors/make_functions.py), special values and integers by hand. */
import { type KernelSpec, SpecError, type UnaryFunction } from "@bitbudget/backend";
import { type DType, dtypes, type HostTensor, tensor } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { open } from "../src/index.ts";
import { expectNumbers, expectSame } from "./compare.ts";
import { integersOf, integerTensor, largest, smallest } from "./integers.ts";
import { numbers, run } from "./run.ts";
import vectors from "./vectors/functions.json" with { type: "json" };

function spec(value: UnaryFunction, dtype: DType, length: number): KernelSpec<"unary"> {
  return { op: "unary", inputs: [{ dtype, shape: [length] }], attributes: { function: value } };
}

function apply(value: UnaryFunction, dtype: DType, x: readonly number[]): Promise<number[]> {
  return numbers(spec(value, dtype, x.length), [x]);
}

/** The codes of the result, for integers that are no doubles. */
async function applyToCodes(value: UnaryFunction, x: HostTensor): Promise<HostTensor> {
  const [y] = await run({ op: "unary", inputs: [x], attributes: { function: value } }, [x]);
  return y!;
}

// JSON has strings where functions have names.
const rows = vectors as readonly {
  readonly function: UnaryFunction;
  readonly x: number[];
  readonly y: number[];
}[];

describe("to the accuracy of a double", () => {
  const named = rows.map((row) => [JSON.stringify(row.function), row] as const);

  test.each(named)("%s", async (_, { function: value, x, y }) => {
    const got = await apply(value, "float64", x);
    // The argument of a gaussian tail is rounded, which its result magnifies by the argument's square.
    const bound = value.fn === "gelu" || value.fn === "swish" ? 1e-13 : 5e-16;
    for (const [i, expected] of y.entries())
      if (!(Math.abs(got[i]! - expected) <= bound * Math.abs(expected)))
        expect({ x: x[i], y: got[i] }).toEqual({ x: x[i], y: expected });
  });

  test.each(named)("%s in float32, rounded once", async (_, { function: value, x, y }) => {
    const got = await apply(value, "float32", x);
    // mpmath has no -0.
    expectNumbers(
      got.map((number) => number + 0),
      y.map((number) => Math.fround(number) + 0),
    );
  });
});

const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

describe("special values: 0, -0, NaN, Infinity, -Infinity", () => {
  const table: readonly (readonly [UnaryFunction, readonly number[]])[] = [
    [{ fn: "identity" }, [0, -0, nan, inf, -inf]],
    [{ fn: "abs" }, [0, 0, nan, inf, inf]],
    [{ fn: "neg" }, [-0, 0, nan, -inf, inf]],
    [{ fn: "sign" }, [0, 0, nan, 1, -1]],
    [{ fn: "floor" }, [0, -0, nan, inf, -inf]],
    [{ fn: "ceil" }, [0, -0, nan, inf, -inf]],
    [{ fn: "round" }, [0, -0, nan, inf, -inf]],
    [{ fn: "relu" }, [0, 0, nan, inf, 0]],
    [{ fn: "sqrt" }, [0, -0, nan, inf, nan]],
    [{ fn: "reciprocal" }, [inf, -inf, nan, 0, -0]],
    [{ fn: "exp" }, [1, 1, nan, inf, 0]],
    [{ fn: "log" }, [-inf, -inf, nan, inf, nan]],
    [{ fn: "sin" }, [0, -0, nan, nan, nan]],
    [{ fn: "cos" }, [1, 1, nan, nan, nan]],
    [{ fn: "tan" }, [0, -0, nan, nan, nan]],
    [{ fn: "asin" }, [0, -0, nan, nan, nan]],
    [{ fn: "acos" }, [Math.PI / 2, Math.PI / 2, nan, nan, nan]],
    [{ fn: "atan" }, [0, -0, nan, Math.PI / 2, -Math.PI / 2]],
    [{ fn: "sinh" }, [0, -0, nan, inf, -inf]],
    [{ fn: "cosh" }, [1, 1, nan, inf, inf]],
    [{ fn: "tanh" }, [0, -0, nan, 1, -1]],
    [{ fn: "asinh" }, [0, -0, nan, inf, -inf]],
    [{ fn: "acosh" }, [nan, nan, nan, inf, nan]],
    [{ fn: "atanh" }, [0, -0, nan, nan, nan]],
    [{ fn: "erf" }, [0, -0, nan, 1, -1]],
    [{ fn: "sigmoid" }, [0.5, 0.5, nan, 1, 0]],
    [{ fn: "softplus" }, [Math.LN2, Math.LN2, nan, inf, 0]],
    [{ fn: "softsign" }, [0, -0, nan, nan, nan]],
    [{ fn: "mish" }, [0, -0, nan, inf, nan]],
    [{ fn: "hardSwish" }, [0, -0, nan, inf, nan]],
    [{ fn: "gelu", approximate: "none" }, [0, -0, nan, inf, nan]],
    [{ fn: "gelu", approximate: "tanh" }, [0, -0, nan, inf, nan]],
    [{ fn: "swish", alpha: 1 }, [0, -0, nan, inf, nan]],
    [{ fn: "clip", min: -1, max: 2 }, [0, -0, nan, 2, -1]],
    [{ fn: "clip" }, [0, -0, nan, inf, -inf]],
    [{ fn: "leakyRelu", alpha: 0.5 }, [0, -0, nan, inf, -inf]],
    [{ fn: "elu", alpha: 3 }, [0, -0, nan, inf, -3]],
    [{ fn: "celu", alpha: 3 }, [0, 0, nan, inf, -3]],
    [{ fn: "selu", alpha: 2, gamma: 3 }, [0, -0, nan, inf, -6]],
    [{ fn: "thresholdedRelu", alpha: 1 }, [0, 0, 0, inf, 0]],
    [{ fn: "shrink", lambda: 0.5, bias: 1 }, [0, 0, 0, inf, -inf]],
    [{ fn: "hardSigmoid", alpha: 0.2, beta: 0.5 }, [0.5, 0.5, nan, 1, 0]],
  ];
  test.each(table)("%o", async (value, expected) => {
    expectNumbers(await apply(value, "float64", [0, -0, nan, inf, -inf]), expected);
  });

  test("isNaN and isInf give bools", async () => {
    for (const dtype of ["float64", "float32", "float16", "bfloat16"] as const) {
      const x = tensor(dtype, [6], [0, nan, inf, -inf, 1, -0]);
      expectSame(await applyToCodes({ fn: "isNaN" }, x), tensor("bool", [6], [0, 1, 0, 0, 0, 0]));
      expectSame(await applyToCodes({ fn: "isInf" }, x), tensor("bool", [6], [0, 0, 1, 1, 0, 0]));
    }
  });
});

describe("by hand", () => {
  test("rounding goes to the even neighbour, and keeps the sign of what becomes 0", async () => {
    const x = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.4999, -3.5001];
    expectNumbers(await apply({ fn: "round" }, "float32", x), [-2, -2, -0, 0, 2, 2, 3, -4]);
    expectNumbers(await apply({ fn: "ceil" }, "float32", [-0.5, 0.5, -1.5]), [-0, 1, -1]);
    expectNumbers(await apply({ fn: "floor" }, "float32", [-0.5, 0.5, -1.5]), [-1, 0, -2]);
  });

  test("clip with its bounds the wrong way round gives the upper one", async () => {
    expectNumbers(await apply({ fn: "clip", min: 3, max: 2 }, "float32", [0, 2.5, 5]), [2, 2, 2]);
  });

  test("piecewise functions at their joints", async () => {
    expectNumbers(await apply({ fn: "thresholdedRelu", alpha: 1 }, "float32", [1, 1.5, -3]), [0, 1.5, 0]);
    expectNumbers(
      await apply({ fn: "shrink", lambda: 1, bias: 0.5 }, "float32", [-2, -1, 0, 1, 2]),
      [-1.5, 0, 0, 0, 1.5],
    );
    expectNumbers(await apply({ fn: "leakyRelu", alpha: 0.25 }, "float32", [-4, 0, 4]), [-1, 0, 4]);
    expectNumbers(await apply({ fn: "hardSwish" }, "float32", [-3, -1.5, 0, 3, 6]), [-0, -0.375, 0, 3, 6]);
  });

  test("sigmoid reaches down to the smallest doubles", async () => {
    // 1 + exp(720) is no double; exp(-720), which the quotient equals, is.
    const [y] = await apply({ fn: "sigmoid" }, "float64", [-720]);
    expect(y).toBeGreaterThan(2.03e-313);
    expect(y).toBeLessThan(2.04e-313);
  });

  test("what is too large for a 16-bit float becomes infinite", async () => {
    // exp(12) is 162,755, and the largest float16 is 65,504; exp(-18) is 1.5e-8, less than half of the smallest.
    expectNumbers(await apply({ fn: "exp" }, "float16", [12, -18, 0]), [inf, 0, 1]);
    expectNumbers(await apply({ fn: "neg" }, "bfloat16", [dtypes.bfloat16.max, 1]), [
      dtypes.bfloat16.min,
      -1,
    ]);
    // 1.41421 lies between 1.4140625 and 1.4150390625, and between 1.4140625 and 1.421875.
    expectNumbers(await apply({ fn: "sqrt" }, "float16", [2]), [1.4140625]);
    expectNumbers(await apply({ fn: "sqrt" }, "bfloat16", [2]), [1.4140625]);
  });

  test("identity keeps every bit, that of a NaN too", async () => {
    const x = tensor("float16", [3], Uint16Array.of(0x7d01, 0x8000, 1));
    expectSame(await applyToCodes({ fn: "identity" }, x), x);
    expect((await applyToCodes({ fn: "identity" }, x)).data).toEqual(x.data);
  });

  test("not", async () => {
    expectSame(await applyToCodes({ fn: "not" }, tensor("bool", [2], [0, 1])), tensor("bool", [2], [1, 0]));
  });

  test("no elements, no dimensions", async () => {
    expectNumbers(await apply({ fn: "exp" }, "float16", []), []);
    expectSame(await applyToCodes({ fn: "abs" }, tensor("float32", [], [-2])), tensor("float32", [], [2]));
    expectSame(await applyToCodes({ fn: "neg" }, tensor("int64", [2, 0])), tensor("int64", [2, 0]));
  });
});

describe("integers", () => {
  const signed = ["int8", "int16", "int32", "int64"] as const;
  const unsigned = ["uint8", "uint16", "uint32", "uint64"] as const;
  const is = async (value: UnaryFunction, x: HostTensor, y: readonly bigint[]) =>
    expect(integersOf(await applyToCodes(value, x))).toEqual(y);

  test.each(signed)("%s: the smallest number is its own negative", async (dtype) => {
    const min = smallest(dtype);
    const x = integerTensor(dtype, [min, -5n, 0n, 7n]);
    await is({ fn: "abs" }, x, [min, 5n, 0n, 7n]);
    await is({ fn: "neg" }, x, [min, 5n, 0n, -7n]);
    await is({ fn: "sign" }, x, [-1n, -1n, 0n, 1n]);
    await is({ fn: "relu" }, x, [0n, 0n, 0n, 7n]);
    await is({ fn: "bitwiseNot" }, x, [-min - 1n, 4n, -1n, -8n]);
    await is({ fn: "identity" }, x, [min, -5n, 0n, 7n]);
    await is({ fn: "clip", min: -5, max: 3 }, x, [-5n, -5n, 0n, 3n]);
    await is({ fn: "clip", min: -inf, max: inf }, x, [min, -5n, 0n, 7n]);
    // Bounds that the format does not have are its ends.
    await is({ fn: "clip", min: 2 ** 70 }, x, new Array(4).fill(-min - 1n));
    await is({ fn: "clip", max: -(2 ** 70) }, x, new Array(4).fill(min));
  });

  test.each(unsigned)("%s: negatives wrap", async (dtype) => {
    const x = integerTensor(dtype, [1n, 0n]);
    const max = largest(dtype);
    await is({ fn: "neg" }, x, [max, 0n]);
    await is({ fn: "bitwiseNot" }, x, [max - 1n, max]);
    await is({ fn: "clip", max: -3 }, x, [0n, 0n]);
  });

  test("int64 keeps what a double cannot hold", async () => {
    const x = tensor("int64", [2], [2n ** 53n + 1n, -(2n ** 62n) - 1n]);
    expect((await applyToCodes({ fn: "neg" }, x)).data).toEqual(
      BigInt64Array.of(-(2n ** 53n) - 1n, 2n ** 62n + 1n),
    );
  });
});

test("functions that make no sense for a format are refused", async () => {
  await using backend = await open();
  expect(() => backend.supports(spec({ fn: "exp" }, "int32", 1))).toThrow(SpecError);
  expect(() => backend.supports(spec({ fn: "not" }, "float32", 1))).toThrow(SpecError);
  expect(() => backend.supports(spec({ fn: "bitwiseNot" }, "bool", 1))).toThrow(SpecError);
  expect(() => backend.supports(spec({ fn: "clip", min: 0.5 }, "int8", 1))).toThrow(/integers/);
});
