/** Sizes with symbols: arithmetic on expressions gives what arithmetic on numbers gives, whatever the symbols are. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MaybeDim } from "../../src/inference/dim.ts";
import * as dims from "../../src/inference/dim.ts";

const N = dims.symbol("N");
const T = dims.symbol("T");

/** An operation on sizes together with what it means for numbers. */
const operations: [string, (a: MaybeDim, b: MaybeDim) => MaybeDim, (a: number, b: number) => number][] = [
  ["add", dims.add, (a, b) => a + b],
  ["subtract", dims.subtract, (a, b) => a - b],
  ["multiply", dims.multiply, (a, b) => a * b],
  ["maximum", dims.maximum, Math.max],
  ["minimum", dims.minimum, Math.min],
  ["floorDivide", dims.floorDivide, (a, b) => (b === 0 ? Number.NaN : Math.floor(a / b))],
  ["ceilDivide", dims.ceilDivide, (a, b) => (b === 0 ? Number.NaN : Math.ceil(a / b))],
];

interface Pair {
  readonly text: string;
  readonly dim: MaybeDim;
  /** The size for given N and T; NaN for a division by zero. */
  readonly value: (n: number, t: number) => number;
}

const leaf: fc.Arbitrary<Pair> = fc.oneof(
  fc.integer({ min: 0, max: 9 }).map((k): Pair => ({ text: String(k), dim: k, value: () => k })),
  fc.constant<Pair>({ text: "N", dim: N, value: (n) => n }),
  fc.constant<Pair>({ text: "T", dim: T, value: (_, t) => t }),
);

const { tree } = fc.letrec<{ tree: Pair }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: "medium" },
    leaf,
    fc.tuple(fc.constantFrom(...operations), tie("tree"), tie("tree")).map(
      ([[name, symbolic, numeric], a, b]): Pair => ({
        text: `${name}(${a.text}, ${b.text})`,
        dim: symbolic(a.dim, b.dim),
        value: (n, t) => numeric(a.value(n, t), b.value(n, t)),
      }),
    ),
  ),
}));

/** The number that an expression's text stands for. */
function evaluate(text: string, n: number, t: number): number {
  const tokens = text.match(/[a-zA-Z]+|\d+|[-+*/(),]/g) ?? [];
  let at = 0;
  const functions: Record<string, (...values: number[]) => number> = {
    floor: Math.floor,
    ceil: Math.ceil,
    min: Math.min,
    max: Math.max,
  };
  const sum = (): number => {
    let total = term();
    while (tokens[at] === "+" || tokens[at] === "-") total += tokens[at++] === "+" ? term() : -term();
    return total;
  };
  const term = (): number => {
    let total = factor();
    while (tokens[at] === "*" || tokens[at] === "/") {
      if (tokens[at++] === "*") total *= factor();
      else total /= factor();
    }
    return total;
  };
  const factor = (): number => {
    const token = tokens[at++]!;
    if (token === "-") return -factor();
    if (token === "(") {
      const value = sum();
      at++;
      return value;
    }
    const call = functions[token];
    if (call === undefined) return token === "N" ? n : token === "T" ? t : Number(token);
    at++;
    const values = [sum()];
    while (tokens[at++] === ",") values.push(sum());
    return call(...values);
  };
  return sum();
}

describe("sizes", () => {
  test("mean the same as numbers do", () => {
    const size = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(tree, size, size, ({ text, dim, value }, n, t) => {
        const expected = value(n, t) + 0;
        if (dim === undefined || !Number.isFinite(expected)) return;
        expect(evaluate(String(dim), n, t) + 0, `${text} as ${dim}`).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test("have one text each, however they came about", () => {
    const texts = [
      dims.add(dims.multiply(N, 2), dims.add(T, 1)),
      dims.add(dims.add(1, T), dims.add(N, N)),
      dims.subtract(dims.add(dims.multiply(2, N), T), -1),
    ].map(String);
    expect(new Set(texts)).toEqual(new Set(["2*N + T + 1"]));
    expect(String(dims.multiply(dims.add(N, 1), dims.subtract(N, 1)))).toBe("N*N - 1");
    expect(dims.subtract(dims.add(N, 3), N)).toBe(3);
    expect(dims.same(dims.multiply(N, T), dims.multiply(T, N))).toBe(true);
    expect(dims.same(undefined, undefined)).toBe(false);
  });

  test("divide exactly where every term does, and are rounded by name where not", () => {
    expect(String(dims.floorDivide(dims.multiply(N, 6), 2))).toBe("3*N");
    expect(dims.floorDivide(dims.multiply(N, T), dims.multiply(N, T))).toBe(1);
    expect(String(dims.exactQuotient(dims.multiply(dims.multiply(N, T), 4), dims.multiply(N, 2)))).toBe(
      "2*T",
    );
    expect(String(dims.floorDivide(dims.add(N, 1), 2))).toBe("floor((N + 1)/2)");
    expect(String(dims.ceilDivide(N, 3))).toBe("ceil(N/3)");
    expect(dims.exactQuotient(N, 2)).toBeUndefined();
    expect(dims.floorDivide(N, 0)).toBeUndefined();
  });

  test("compare where the sign of the difference is certain", () => {
    expect(dims.maximum(N, 0)).toBe(N);
    expect(String(dims.maximum(dims.add(N, 2), N))).toBe("N + 2");
    expect(dims.minimum(dims.add(N, 2), N)).toBe(N);
    expect(String(dims.maximum(dims.subtract(N, 3), 0))).toBe("max(0, N - 3)");
    expect(String(dims.minimum(N, 100))).toBe("min(100, N)");
  });

  test("are given up where they would not be sizes, or grow without end", () => {
    expect(dims.multiply(2 ** 40, 2 ** 40)).toBeUndefined();
    expect(dims.add(N, Number.POSITIVE_INFINITY)).toBeUndefined();
    expect(dims.add(N, 0.5)).toBeUndefined();
    expect(dims.add(undefined, 1)).toBeUndefined();
    expect(dims.product([undefined, 0])).toBe(0);
    expect(dims.symbol("x".repeat(1000))).toBeUndefined();
    let grown: MaybeDim = N;
    for (let i = 0; i < 100; i++) grown = dims.add(dims.multiply(grown, grown), T);
    expect(grown).toBeUndefined();
  });
});
