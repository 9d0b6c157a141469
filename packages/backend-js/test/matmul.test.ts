/** matmul: cases worked by hand, batches, and every product of codes. */
import type { KernelSpec, MatmulAttributes, Weights } from "@bitbudget/backend";
import { type DType, scalar, tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectNumbers } from "./compare.ts";
import { numbers, run } from "./run.ts";
import { transpose } from "./tensors.ts";

function matmul(
  [a, b]: readonly [DType, DType],
  shapes: readonly [readonly number[], readonly number[]],
  attributes: MatmulAttributes,
): KernelSpec<"matmul"> {
  return {
    op: "matmul",
    inputs: [
      { dtype: a, shape: shapes[0] },
      { dtype: b, shape: shapes[1] },
    ],
    attributes,
  };
}

const floats = ["float32", "float32"] as const;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("floats", () => {
  const a = [1, 2, 3, 4, 5, 6];
  const b = [1, 10, 100, 2, 20, 200];

  test("2x3 times 3x2, each as it is or transposed", async () => {
    const product = (shapes: readonly [number[], number[]], rest: Partial<MatmulAttributes>) =>
      numbers(matmul(floats, shapes, { output: "float32", ...rest }), [a, b]);
    // [1 2 3; 4 5 6] [1 10; 100 2; 20 200]
    expect(
      await product(
        [
          [2, 3],
          [3, 2],
        ],
        {},
      ),
    ).toEqual([261, 614, 624, 1250]);
    // [1 2 3; 4 5 6] [1 2; 10 20; 100 200]
    expect(
      await product(
        [
          [2, 3],
          [2, 3],
        ],
        { transposeB: true },
      ),
    ).toEqual([321, 642, 654, 1308]);
    // [1 3 5; 2 4 6] [1 10; 100 2; 20 200]
    expect(
      await product(
        [
          [3, 2],
          [3, 2],
        ],
        { transposeA: true },
      ),
    ).toEqual([401, 1016, 522, 1228]);
    // [1 3 5; 2 4 6] [1 2; 10 20; 100 200]
    expect(
      await product(
        [
          [3, 2],
          [2, 3],
        ],
        { transposeA: true, transposeB: true },
      ),
    ).toEqual([531, 1062, 642, 1284]);
  });

  test("batches broadcast", async () => {
    const spec = matmul(
      floats,
      [
        [2, 1, 1, 2],
        [3, 2, 1],
      ],
      { output: "float32" },
    );
    const [y] = await run(spec, [
      [1, 10, 2, 20],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect(y?.shape).toEqual([2, 3, 1, 1]);
    expect(y && Array.from(valuesOf(y))).toEqual([21, 43, 65, 42, 86, 130]);
  });

  test("of no terms are 0, and of no rows nothing", async () => {
    expect(
      await numbers(
        matmul(
          floats,
          [
            [2, 0],
            [0, 2],
          ],
          { output: "float32" },
        ),
        [[], []],
      ),
    ).toEqual([0, 0, 0, 0]);
    expect(
      await numbers(
        matmul(
          floats,
          [
            [0, 2],
            [2, 2],
          ],
          { output: "float32" },
        ),
        [[], [1, 2, 3, 4]],
      ),
    ).toEqual([]);
    expect(
      await numbers(
        matmul(
          floats,
          [
            [0, 1, 2],
            [2, 1],
          ],
          { output: "float32" },
        ),
        [[], [1, 2]],
      ),
    ).toEqual([]);
  });

  test("are rounded once, to their format", async () => {
    const sum = (dtype: DType, x: number[]) =>
      numbers(
        matmul(
          [dtype, dtype],
          [
            [1, x.length],
            [x.length, 1],
          ],
          { output: dtype },
        ),
        [x, x.map(() => 1)],
      );
    expect(await sum("float32", [2 ** 24, 1, 1])).toEqual([2 ** 24 + 2]);
    expect(await sum("float16", [2048, 1, 1])).toEqual([2050]);
    expect(await sum("bfloat16", [256, 1, 1])).toEqual([258]);
    expect(await sum("float64", [1, 2 ** -52])).toEqual([1 + 2 ** -52]);
    expect(await sum("float32", [NaN, 1, Infinity])).toEqual([NaN]);
  });
});

describe("codes", () => {
  test("every uint8 times every int8, less their zero points", async () => {
    const spec = matmul(
      ["uint8", "int8"],
      [
        [256, 1],
        [1, 256],
      ],
      { output: "int32" },
    );
    for (const [aZero, bZero] of [
      [0, 0],
      [255, -128],
      [77, 127],
    ] as const)
      expectNumbers(
        await numbers(spec, [range(0, 255), range(-128, 127)], {
          aZeroPoint: scalar("uint8", aZero),
          bZeroPoint: scalar("int8", bZero),
        }),
        range(0, 255).flatMap((x) => range(-128, 127).map((y) => (x - aZero) * (y - bZero) + 0)),
      );
  });

  const weights = {
    aScale: scalar("float32", 0.5),
    aZeroPoint: scalar("int8", 1),
    bScale: scalar("float32", 0.25),
    bZeroPoint: scalar("uint8", 2),
  };

  test("scaled, and requantized with ties to even", async () => {
    const shapes = [
      [1, 1],
      [1, 5],
    ] as const;
    // Sums -1, 1, 2, 3, 253, in units of 1/8.
    const inputs = [[2], [1, 3, 4, 5, 255]];
    expect(await numbers(matmul(["int8", "uint8"], shapes, { output: "float32" }), inputs, weights)).toEqual([
      -0.125, 0.125, 0.25, 0.375, 31.625,
    ]);
    const codes = { ...weights, outputScale: scalar("float32", 0.25), outputZeroPoint: scalar("int8", 3) };
    expect(await numbers(matmul(["int8", "uint8"], shapes, { output: "int8" }), inputs, codes)).toEqual([
      3, 3, 4, 5, 127,
    ]);
  });

  test("sums wrap at 2^31, as int32 does", async () => {
    const k = 33026;
    const wrapped = k * 255 * 255 - 2 ** 32;
    const full = new Array<number>(k).fill(255);
    const product = (output: DType, scales: Weights<"matmul">) =>
      numbers(
        matmul(
          ["uint8", "uint8"],
          [
            [1, k],
            [k, 1],
          ],
          { output },
        ),
        [full, full],
        {
          aZeroPoint: scalar("uint8", 0),
          bZeroPoint: scalar("uint8", 0),
          ...scales,
        },
      );
    const one = scalar("float32", 1);
    const scales = { aScale: one, bScale: one };
    expect(await product("int32", {})).toEqual([wrapped]);
    expect(await product("float32", scales)).toEqual([Math.fround(wrapped)]);
    const outputs = { outputScale: scalar("float32", 2 ** 30), outputZeroPoint: scalar("int8", 0) };
    expect(await product("int8", { ...scales, ...outputs })).toEqual([-2]);
  });
});

test("transposing an operand and saying so changes nothing", async () => {
  const size = fc.integer({ min: 0, max: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(size, size, size),
      fc.boolean(),
      fc.boolean(),
      fc.infiniteStream(fc.integer({ min: -9, max: 9 })),
      async ([m, k, n], transposeA, transposeB, stream) => {
        const a = tensor("float32", [2, m, k], [...stream.take(2 * m * k)]);
        const b = tensor("float32", [k, n], [...stream.take(k * n)]);
        const plain = await numbers(matmul(floats, [a.shape, b.shape], { output: "float32" }), [a, b]);
        const x = transposeA ? transpose(a, [0, 2, 1]) : a;
        const y = transposeB ? transpose(b, [1, 0]) : b;
        const attributes = { output: "float32", transposeA, transposeB } as const;
        expect(await numbers(matmul(floats, [x.shape, y.shape], attributes), [x, y])).toEqual(plain);
        const [p, q] = [valuesOf(a), valuesOf(b)];
        const expected = plain.map((_, i) => {
          const [row, column] = [Math.floor(i / n), i % n];
          let sum = 0;
          for (let j = 0; j < k; j++) sum += p[row * k + j]! * q[j * n + column]!;
          return sum;
        });
        expect(plain).toEqual(expected);
      },
    ),
    { numRuns: 60, seed: 4 },
  );
});
