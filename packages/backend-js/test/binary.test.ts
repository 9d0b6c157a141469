/** binary: floats and special values by hand, broadcasting against plain indexing. Integers: binary-integers.test.ts. */
import { type BinaryFunction, broadcastShapes, type KernelSpec, SpecError } from "@bitbudget/backend";
import { type DType, elementCount, type HostTensor, strides, tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { open } from "../src/index.ts";
import { expectNumbers, expectSame } from "./compare.ts";

import { run } from "./run.ts";

async function apply(fn: BinaryFunction, a: HostTensor, b: HostTensor): Promise<HostTensor> {
  const spec: KernelSpec<"binary"> = { op: "binary", inputs: [a, b], attributes: { function: fn } };
  const [y] = await run(spec, [a, b]);
  return y!;
}

async function ofNumbers(
  fn: BinaryFunction,
  a: readonly number[],
  b: readonly number[],
  dtype: DType = "float32",
) {
  return valuesOf(await apply(fn, tensor(dtype, [a.length], a), tensor(dtype, [b.length], b)));
}

const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

describe("floats by hand", () => {
  const cases: readonly (readonly [
    BinaryFunction,
    readonly number[],
    readonly number[],
    readonly number[],
  ])[] = [
    ["add", [1, inf, -0, -0, 3e38, 2 ** 24], [2, -inf, 0, -0, 3e38, 1], [3, nan, 0, -0, inf, 2 ** 24]],
    ["sub", [1, inf, 0, -0], [2, inf, 0, 0], [-1, nan, 0, -0]],
    ["mul", [3, 0, -0, 1e-30], [-4, inf, 5, 1e-30], [-12, nan, -0, 0]],
    ["div", [1, 1, -1, 0, 1, inf], [4, 0, 0, 0, -inf, inf], [0.25, inf, -inf, nan, -0, nan]],
    ["min", [1, nan, -0, 0, -inf], [nan, 1, 0, -0, 3], [nan, nan, -0, -0, -inf]],
    ["max", [1, nan, -0, 0, inf], [nan, 1, 0, -0, 3], [nan, nan, 0, 0, inf]],
    [
      "pow",
      [2, 2, 0, nan, 1, 1, -1, -1, -8, -2, 0, -0, 0.5],
      [10, -1, 0, 0, nan, inf, inf, -inf, 1 / 3, 3, -1, -1, inf],
      [1024, 0.5, 1, 1, 1, 1, 1, 1, nan, -8, inf, -inf, 0],
    ],
    [
      "mod",
      [5.5, -5.5, 5.5, -5.5, 4, -4, 1, inf, -1, 1, 1],
      [2, 2, -2, -2, -2, 2, 0, 2, inf, inf, -inf],
      [1.5, 0.5, -0.5, -1.5, -0, 0, nan, nan, inf, 1, -inf],
    ],
    [
      "fmod",
      [5.5, -5.5, 5.5, -5.5, -4, 1, inf, -1],
      [2, 2, -2, -2, 2, 0, 2, inf],
      [1.5, -1.5, 1.5, -1.5, -0, nan, nan, -1],
    ],
    ["prelu", [2, -2, nan, -0, -inf], [0.25, 0.25, 1, 5, 0.5], [2, -0.5, nan, -0, -inf]],
    ["equal", [1, 0, nan, inf, 1], [1, -0, nan, inf, 2], [1, 1, 0, 1, 0]],
    ["less", [1, 2, nan, 1, -0], [2, 2, 1, nan, 0], [1, 0, 0, 0, 0]],
    ["lessOrEqual", [2, 3, nan], [2, 2, nan], [1, 0, 0]],
    ["greater", [2, 2, nan], [1, 2, 1], [1, 0, 0]],
    ["greaterOrEqual", [2, 1, nan], [2, 2, nan], [1, 0, 0]],
  ];
  test.each(cases)("%s of %o and %o", async (fn, a, b, y) => {
    expectNumbers(await ofNumbers(fn, a, b), y.map(Math.fround));
  });

  test("each format is rounded to once, ties to even", async () => {
    // 2048 + 1 and 2050 + 1 lie between float16 numbers, 2 apart there; 256 + 1 and 258 + 1 between bfloat16 ones.
    expectNumbers(await ofNumbers("add", [2048, 2050, 65504], [1, 1, 65504], "float16"), [2048, 2052, inf]);
    expectNumbers(await ofNumbers("add", [256, 258], [1, 1], "bfloat16"), [256, 260]);
    expectNumbers(await ofNumbers("add", [2 ** 53], [1], "float64"), [2 ** 53]);
    expectNumbers(await ofNumbers("mul", [2 ** -14], [2 ** -11], "float16"), [0]);
    expectNumbers(await ofNumbers("mul", [2 ** -14], [3 * 2 ** -11], "float16"), [2 ** -24 * 2]);
  });
});

test("bools", async () => {
  const [a, b] = [tensor("bool", [4], [0, 0, 1, 1]), tensor("bool", [4], [0, 1, 0, 1])];
  expectSame(await apply("and", a, b), tensor("bool", [4], [0, 0, 0, 1]));
  expectSame(await apply("or", a, b), tensor("bool", [4], [0, 1, 1, 1]));
  expectSame(await apply("xor", a, b), tensor("bool", [4], [0, 1, 1, 0]));
  expectSame(await apply("equal", a, b), tensor("bool", [4], [1, 0, 0, 1]));
});

describe("broadcasting", () => {
  test("by hand", async () => {
    const rows = tensor("float32", [2, 1], [10, 20]);
    const columns = tensor("float32", [3], [1, 2, 3]);
    expectSame(await apply("add", rows, columns), tensor("float32", [2, 3], [11, 12, 13, 21, 22, 23]));
    expectSame(await apply("sub", columns, rows), tensor("float32", [2, 3], [-9, -8, -7, -19, -18, -17]));
    expectSame(
      await apply("mul", tensor("int64", [], [3n]), tensor("int64", [2], [1n, 2n])),
      tensor("int64", [2], [3n, 6n]),
    );
    expectSame(
      await apply("add", tensor("float32", [], [1]), tensor("float32", [], [2])),
      tensor("float32", [], [3]),
    );
  });

  test("of nothing is nothing", async () => {
    for (const dtype of ["float16", "int8", "uint64"] as const) {
      const empty = await apply("add", tensor(dtype, [2, 0, 1]), tensor(dtype, [1, 3]));
      expectSame(empty, tensor(dtype, [2, 0, 3]));
    }
  });

  /** Two shapes that broadcast: a shape, and two copies in which some dimensions are 1 or, at the front, missing. */
  const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 }).chain((shape) => {
    const part = fc.tuple(
      fc.integer({ min: 0, max: shape.length }),
      fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
    );
    return fc
      .tuple(part, part)
      .map((parts) => parts.map(([skip, ones]) => shape.map((d, i) => (ones[i] ? 1 : d)).slice(skip)));
  });

  test("reads each operand at the position of the result, counted from the last axis", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ([a = [], b = []]) => {
        const [x, y] = [a, b].map((shape, k) =>
          tensor(
            "int32",
            shape,
            Array.from({ length: elementCount(shape) }, (_, i) => (i + 1) * (k === 0 ? 1 : 1000)),
          ),
        );
        const spec: KernelSpec<"binary"> = {
          op: "binary",
          inputs: [x!, y!],
          attributes: { function: "add" },
        };
        const shape = broadcastShapes(spec, a, b);
        const at = (of: HostTensor, position: readonly number[]) => {
          const last = position.slice(position.length - of.shape.length);
          return valuesOf(of)[
            strides(of.shape).reduce(
              (sum, step, axis) => sum + (of.shape[axis] === 1 ? 0 : step * last[axis]!),
              0,
            )
          ]!;
        };
        const expected = Array.from({ length: elementCount(shape) }, (_, i) => {
          const position = strides(shape).map((step, axis) => Math.floor(i / step) % shape[axis]!);
          return at(x!, position) + at(y!, position);
        });
        expectSame(await apply("add", x!, y!), tensor("int32", shape, expected));
      }),
    );
  });
});

test("what makes no sense is refused", async () => {
  await using backend = await open();
  const spec = (fn: BinaryFunction, a: DType, b: DType, shapes = [[2], [2]]): KernelSpec<"binary"> => ({
    op: "binary",
    inputs: [
      { dtype: a, shape: shapes[0]! },
      { dtype: b, shape: shapes[1]! },
    ],
    attributes: { function: fn },
  });
  expect(() => backend.supports(spec("add", "float32", "float16"))).toThrow(SpecError);
  expect(() => backend.supports(spec("and", "int8", "int8"))).toThrow(SpecError);
  expect(() => backend.supports(spec("bitwiseAnd", "float32", "float32"))).toThrow(SpecError);
  expect(() => backend.supports(spec("add", "bool", "bool"))).toThrow(SpecError);
  expect(() => backend.supports(spec("add", "int8", "int8", [[2], [3]]))).toThrow(/broadcast/);
});
