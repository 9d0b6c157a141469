/** pool2d: windows by hand and against plain indexing, in both layouts. */
import { type KernelSpec, type Pool2dAttributes, SpecError, windowCount } from "@bitbudget/backend";
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { open } from "../src/index.ts";
import { expectNumbers, expectSame } from "./compare.ts";
import { run } from "./run.ts";
import { transpose } from "./tensors.ts";

const base: Pool2dAttributes = {
  kind: "max",
  layout: "nchw",
  kernel: [2, 2],
  strides: [1, 1],
  dilations: [1, 1],
  pads: [0, 0, 0, 0],
};

async function pool(x: HostTensor, attributes: Partial<Pool2dAttributes>): Promise<HostTensor> {
  const spec: KernelSpec<"pool2d"> = { op: "pool2d", inputs: [x], attributes: { ...base, ...attributes } };
  const [y] = await run(spec, [x]);
  return y!;
}

const nine = tensor("float32", [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

describe("by hand", () => {
  test("the largest of each window", async () => {
    expectSame(await pool(nine, {}), tensor("float32", [1, 1, 2, 2], [5, 6, 8, 9]));
    expectSame(await pool(nine, { kernel: [1, 3] }), tensor("float32", [1, 1, 3, 1], [3, 6, 9]));
    expectSame(await pool(nine, { dilations: [2, 2] }), tensor("float32", [1, 1, 1, 1], [9]));
    expectSame(
      await pool(nine, { kernel: [1, 1], strides: [2, 2] }),
      tensor("float32", [1, 1, 2, 2], [1, 3, 7, 9]),
    );
  });

  test("the average of each window", async () => {
    expectSame(await pool(nine, { kind: "average" }), tensor("float32", [1, 1, 2, 2], [3, 4, 6, 7]));
    expectSame(await pool(nine, { kind: "average", kernel: [3, 3] }), tensor("float32", [1, 1, 1, 1], [5]));
  });

  test("padding is never the largest, and counts for an average only where asked for", async () => {
    const negative = tensor("float32", [1, 1, 1, 2], [-3, -1]);
    const padded = { kernel: [2, 2], pads: [1, 1, 1, 1] } as const;
    expectSame(await pool(negative, padded), tensor("float32", [1, 1, 2, 3], [-3, -1, -1, -3, -1, -1]));
    const average = { ...padded, kind: "average" } as const;
    expectSame(await pool(negative, average), tensor("float32", [1, 1, 2, 3], [-3, -2, -1, -3, -2, -1]));
    expectSame(
      await pool(negative, { ...average, countIncludePad: true }),
      tensor("float32", [1, 1, 2, 3], [-0.75, -1, -0.25, -0.75, -1, -0.25]),
    );
  });

  test("what hangs over the padding counts for nothing", async () => {
    // Windows of 2 at 0, 2: the second has one element and, with padding of 1 at the end, one zero.
    const row = tensor("float32", [1, 1, 1, 3], [2, 4, 6]);
    const ceil = { kind: "average", kernel: [1, 2], strides: [1, 2], ceil: true } as const;
    expectSame(await pool(row, ceil), tensor("float32", [1, 1, 1, 2], [3, 6]));
    expectSame(await pool(row, { ...ceil, countIncludePad: true }), tensor("float32", [1, 1, 1, 2], [3, 6]));
    const padded = { ...ceil, pads: [0, 0, 0, 1] } as const;
    expectSame(await pool(row, padded), tensor("float32", [1, 1, 1, 2], [3, 6]));
    expectSame(
      await pool(row, { ...padded, countIncludePad: true }),
      tensor("float32", [1, 1, 1, 2], [3, 3]),
    );
    expectSame(await pool(row, { ...ceil, ceil: false }), tensor("float32", [1, 1, 1, 1], [3]));
  });

  test("NaN shows in every window that holds it", async () => {
    const x = tensor("float32", [1, 1, 3, 3], [1, 1, 1, 1, nan, 1, 1, 1, inf]);
    expectNumbers(valuesOf(await pool(x, {})), [nan, nan, nan, nan]);
    expectNumbers(valuesOf(await pool(x, { kind: "average", strides: [2, 2], kernel: [1, 1] })), [
      1,
      1,
      1,
      inf,
    ]);
  });

  test("the lowest numbers of a format are found", async () => {
    for (const [dtype, low] of [
      ["int8", -128],
      ["uint8", 0],
      ["float32", -inf],
      ["float16", -65504],
    ] as const) {
      const x = tensor(dtype, [1, 1, 1, 2], [low, low]);
      expectSame(await pool(x, { kernel: [1, 2] }), tensor(dtype, [1, 1, 1, 1], [low]));
    }
  });

  test("an average is rounded once", async () => {
    // In float16 the sum would be infinite, and 2048 + 1 would be 2048.
    const x = tensor("float16", [1, 1, 2, 2], [65504, 65504, 2048, 1]);
    expectSame(
      await pool(x, { kind: "average", kernel: [1, 2] }),
      tensor("float16", [1, 1, 2, 1], [65504, 1024.5]),
    );
  });

  test("no images, no channels", async () => {
    expectSame(await pool(tensor("float32", [0, 2, 3, 3]), {}), tensor("float32", [0, 2, 2, 2]));
    expectSame(await pool(tensor("int8", [1, 0, 3, 3]), {}), tensor("int8", [1, 0, 2, 2]));
  });
});

describe("against plain indexing", () => {
  const small = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
  const cases = fc.record({
    size: small(1, 6),
    kernel: small(1, 3),
    strides: small(1, 3),
    dilations: small(1, 2),
    begin: small(0, 2),
    end: small(0, 2),
    ceil: fc.boolean(),
    countIncludePad: fc.boolean(),
  });

  test("both layouts, every geometry", async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        async ({ size, kernel, strides, dilations, begin, end, ceil, countIncludePad }) => {
          const extent = kernel.map((k, i) => (k - 1) * dilations[i]! + 1);
          fc.pre([...begin, ...end].every((pad, i) => pad < extent[i % 2]!));
          const counts = [0, 1].map((i) =>
            windowCount(size[i]!, kernel[i]!, strides[i]!, dilations[i]!, begin[i]!, end[i]!, ceil),
          );
          fc.pre(counts.every((count) => count > 0));

          const [height, width] = size;
          const x = tensor(
            "float64",
            [2, 2, height, width],
            Array.from({ length: 4 * height * width }, (_, i) => ((i * 7) % 23) - 11),
          );
          const numbers = valuesOf(x);
          const max: number[] = [];
          const average: number[] = [];
          for (let plane = 0; plane < 4; plane++)
            for (let row = 0; row < counts[0]!; row++)
              for (let column = 0; column < counts[1]!; column++) {
                const window = Array.from(
                  { length: kernel[0] * kernel[1] },
                  (_, k) =>
                    [
                      row * strides[0] - begin[0] + Math.floor(k / kernel[1]) * dilations[0],
                      column * strides[1] - begin[1] + (k % kernel[1]) * dilations[1],
                    ] as const,
                );
                const inside = window.filter(([h, w]) => h >= 0 && w >= 0 && h < height && w < width);
                const padded = window.filter(([h, w]) => h < height + end[0] && w < width + end[1]);
                const elements = inside.map(([h, w]) => numbers[(plane * height + h) * width + w]!);
                max.push(Math.max(...elements));
                average.push(
                  elements.reduce((a, b) => a + b, 0) / (countIncludePad ? padded : inside).length,
                );
              }

          const attributes = {
            kernel,
            strides,
            dilations,
            pads: [...begin, ...end],
            ceil,
            countIncludePad,
          } as const;
          const shape = [2, 2, counts[0]!, counts[1]!];
          for (const [kind, y] of [
            ["max", max],
            ["average", average],
          ] as const) {
            const expected = tensor("float64", shape, y);
            expectSame(await pool(x, { ...attributes, kind }), expected);
            const last = await pool(transpose(x, [0, 2, 3, 1]), { ...attributes, kind, layout: "nhwc" });
            expectSame(last, transpose(expected, [0, 2, 3, 1]));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

test("what makes no sense is refused", async () => {
  await using backend = await open();
  const spec = (
    attributes: Partial<Pool2dAttributes>,
    dtype: HostTensor["dtype"] = "float32",
  ): KernelSpec<"pool2d"> => ({
    op: "pool2d",
    inputs: [{ dtype, shape: [1, 1, 3, 3] }],
    attributes: { ...base, ...attributes },
  });
  expect(() => backend.supports(spec({ kernel: [4, 1] }))).toThrow(SpecError);
  expect(() => backend.supports(spec({ pads: [2, 0, 0, 0] }))).toThrow(/padding/);
  expect(() => backend.supports(spec({ kind: "average" }, "int8"))).toThrow(SpecError);
  expect(() => backend.supports(spec({}, "int16"))).toThrow(SpecError);
});
