/** binary on integers: every pair of edge cases, and of 8-bit numbers, against exact arithmetic that then wraps. */
import { type BinaryFunction, binaryFunctions, type KernelSpec } from "@bitbudget/backend";
import { dtypes, type HostTensor, valuesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { expectNumbers } from "./compare.ts";
import { integerNames, integersOf, integerTensor, largest, smallest, wrap } from "./integers.ts";
import { run } from "./run.ts";

async function apply(fn: BinaryFunction, a: HostTensor, b: HostTensor): Promise<HostTensor> {
  const spec: KernelSpec<"binary"> = { op: "binary", inputs: [a, b], attributes: { function: fn } };
  const [y] = await run(spec, [a, b]);
  return y!;
}

/** What docs/numerics.md says of integers, before wrapping. */
function exactly(fn: BinaryFunction, a: bigint, b: bigint, bits: bigint): bigint {
  switch (fn) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "div":
      return b === 0n ? 0n : a / b;
    case "min":
      return a < b ? a : b;
    case "max":
      return a < b ? b : a;
    case "mod":
      // Python's remainder, from one that is never negative.
      return b === 0n ? 0n : b > 0n ? ((a % b) + b) % b : -(((-a % -b) - b) % -b);
    case "fmod":
      return b === 0n ? 0n : a - (a / b) * b;
    case "prelu":
      return a < 0n ? a * b : a;
    case "bitwiseAnd":
      return a & b;
    case "bitwiseOr":
      return a | b;
    case "bitwiseXor":
      return a ^ b;
    case "shiftLeft":
      return b < 0n || b >= bits ? 0n : a * 2n ** b;
    case "shiftRight":
      return b < 0n || b >= bits ? 0n : a >> b;
    case "equal":
      return BigInt(a === b);
    case "less":
      return BigInt(a < b);
    case "lessOrEqual":
      return BigInt(!(b < a));
    case "greater":
      return BigInt(b < a);
    case "greaterOrEqual":
      return BigInt(!(a < b));
    default:
      throw new Error(`${fn} has tests of its own`);
  }
}

describe("integers are exact, then wrap", () => {
  const functions = binaryFunctions.filter((fn) => !["pow", "and", "or", "xor"].includes(fn));

  test.each(integerNames)("%s: every pair of edge cases", async (dtype) => {
    const bits = BigInt(dtypes[dtype].bits);
    const [min, max] = [smallest(dtype), largest(dtype)];
    const edges = [
      min,
      min + 1n,
      max / 2n,
      max / 2n + 1n,
      max - 1n,
      max,
      0n,
      1n,
      2n,
      3n,
      7n,
      bits - 1n,
      bits,
      bits + 1n,
    ];
    if (min < 0n) edges.push(-1n, -2n, -3n, -7n, 1n - bits, min / 2n);
    const count = edges.length;
    const [a, b] = [integerTensor(dtype, edges, [count, 1]), integerTensor(dtype, edges, [1, count])];
    for (const fn of functions) {
      const y = await apply(fn, a, b);
      const pairs = edges.flatMap((x) => edges.map((y) => [x, y] as const));
      const expected = pairs.map(([x, y]) => wrap(dtype, exactly(fn, x, y, bits)));
      for (const [i, got] of integersOf(y).entries())
        if (got !== expected[i])
          expect({ fn, pair: pairs[i], got }).toEqual({ fn, pair: pairs[i], got: expected[i] });
    }
  });

  test.each(["int8", "uint8"] as const)("%s: every pair of numbers", async (dtype) => {
    const all = Array.from({ length: 256 }, (_, i) => smallest(dtype) + BigInt(i));
    const [a, b] = [integerTensor(dtype, all, [256, 1]), integerTensor(dtype, all, [1, 256])];
    for (const fn of ["mul", "div", "mod", "fmod"] as const) {
      const got = valuesOf(await apply(fn, a, b));
      const expected = all.flatMap((x) => all.map((y) => Number(wrap(dtype, exactly(fn, x, y, 8n)))));
      expectNumbers(got, expected);
    }
  });

  test.each(integerNames)("%s: powers", async (dtype) => {
    const bases = [
      0n,
      1n,
      2n,
      3n,
      5n,
      largest(dtype),
      ...(smallest(dtype) < 0n ? [-1n, -2n, -3n, smallest(dtype)] : []),
    ];
    const exponents = [0n, 1n, 2n, 3n, 8n, 63n];
    const y = await apply(
      "pow",
      integerTensor(dtype, bases, [bases.length, 1]),
      integerTensor(dtype, exponents, [1, exponents.length]),
    );
    expect(integersOf(y)).toEqual(bases.flatMap((a) => exponents.map((b) => wrap(dtype, a ** b))));
  });

  test.each(["int8", "int16", "int32", "int64"] as const)("%s: negative powers divide", async (dtype) => {
    const bases = [0n, 1n, -1n, 2n, -2n, 100n];
    const exponents = [-1n, -2n, smallest(dtype)];
    const y = await apply(
      "pow",
      integerTensor(dtype, bases, [6, 1]),
      integerTensor(dtype, exponents, [1, 3]),
    );
    expect(integersOf(y)).toEqual([0n, 0n, 0n, 1n, 1n, 1n, -1n, 1n, 1n, ...new Array(9).fill(0n)]);
  });

  test("large powers: the order of an odd number modulo 2^n divides 2^(n - 2)", async () => {
    for (const [dtype, bits] of [
      ["int32", 32n],
      ["uint32", 32n],
      ["int64", 64n],
      ["uint64", 64n],
    ] as const) {
      const y = await apply(
        "pow",
        integerTensor(dtype, [3n, 7n]),
        integerTensor(dtype, [2n ** (bits - 2n) + 1n, 2n ** (bits - 2n)]),
      );
      expect(integersOf(y)).toEqual([3n, 1n]);
    }
  });
});
