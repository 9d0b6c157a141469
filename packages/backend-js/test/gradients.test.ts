/**
 * Gradients: the products of a convolution are adjoint to one another, scatterAdd to gather, and those of pools are what
 * small steps of the pools say.
 */
import { IndexError, type KernelSpec, type PoolGradAttributes, windowCount } from "@bitbudget/backend";
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { run } from "./run.ts";

const between = (min: number, max: number) => fc.integer({ min, max });
const pair = (min: number, max: number) => fc.tuple(between(min, max), between(min, max));
const windows = fc.record({
  size: pair(1, 7),
  kernel: pair(1, 3),
  strides: pair(1, 3),
  dilations: pair(1, 2),
  pads: fc.tuple(between(0, 2), between(0, 2), between(0, 2), between(0, 2)),
});
type Windows = typeof windows extends fc.Arbitrary<infer T> ? T : never;

/** How many windows there are down and across. */
function counts({ size, kernel, strides, dilations, pads }: Windows, ceil = false): [number, number] {
  const along = (i: 0 | 1) =>
    windowCount(size[i], kernel[i], strides[i], dilations[i], pads[i], pads[i + 2] ?? 0, ceil);
  return [along(0), along(1)];
}

function floats(shape: readonly number[], from: (i: number) => number): HostTensor {
  return tensor(
    "float64",
    shape,
    Float64Array.from({ length: elementCount(shape) }, (_, i) => from(i)),
  );
}

/** Numbers of order one without a pattern, from a seed. */
function noise(shape: readonly number[], seed: number): HostTensor {
  return floats(shape, (i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 1.7);
}

function inner(a: HostTensor, b: HostTensor): number {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [valuesOf(a), valuesOf(b)];
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

async function one(spec: KernelSpec, inputs: readonly HostTensor[]): Promise<HostTensor> {
  const [y] = await run(spec, inputs);
  return y!;
}

describe("convolution", () => {
  const geometries = fc
    .record({
      window: windows,
      batch: between(1, 2),
      groups: between(1, 3),
      channels: between(1, 2),
      filters: between(1, 2),
    })
    .filter(({ window }) => counts(window).every((count) => count > 0));

  test("its three products are adjoint: <output(x, w), dy> = <x, input(dy, w)> = <w, filter(x, dy)>", () =>
    fc.assert(
      fc.asyncProperty(geometries, between(0, 99), async (geometry, seed) => {
        const { batch, groups, channels, filters, window } = geometry;
        const { size, ...attributes } = window;
        const x = noise([batch, groups * channels, ...size], seed);
        const w = noise([groups * filters, channels, ...attributes.kernel], seed + 100);
        const dy = noise([batch, groups * filters, ...counts(window)], seed + 200);
        const spec = (
          wants: "output" | "input" | "filter",
          inputs: HostTensor[],
        ): KernelSpec<"convolution"> => ({
          op: "convolution",
          inputs,
          attributes: { ...attributes, groups, wants, ...(wants === "input" ? { size } : {}) },
        });
        const value = inner(await one(spec("output", [x, w]), [x, w]), dy);
        const scale = 1e-12 * elementCount(dy.shape) * elementCount(w.shape);
        expect(Math.abs(inner(x, await one(spec("input", [dy, w]), [dy, w])) - value)).toBeLessThan(scale);
        expect(Math.abs(inner(w, await one(spec("filter", [x, dy]), [x, dy])) - value)).toBeLessThan(scale);
      }),
      { numRuns: 150 },
    ));

  test("its output is that of conv2d with the same filters", () =>
    fc.assert(
      fc.asyncProperty(geometries, between(0, 99), async (geometry, seed) => {
        const { batch, groups, channels, filters, window } = geometry;
        const { size, ...attributes } = window;
        const x = noise([batch, groups * channels, ...size], seed);
        const weight = noise([groups * filters, channels, ...attributes.kernel], seed + 100);
        const computed = { ...attributes, groups, wants: "output" } as const;
        const constant = {
          ...attributes,
          groups,
          channels: groups * filters,
          layout: "nchw",
          weight: { dtype: "float64" },
          output: "float64",
        } as const;
        const [expected] = await run({ op: "conv2d", inputs: [x], attributes: constant }, [x], { weight });
        const y = await one({ op: "convolution", inputs: [x, weight], attributes: computed }, [x, weight]);
        expect(y.shape).toEqual(expected!.shape);
        const [a, b] = [valuesOf(y), valuesOf(expected!)];
        for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i]!, 10);
      }),
      { numRuns: 60 },
    ));

  test("sums in float64 and rounds once", async () => {
    const x = tensor("float32", [3, 1, 1, 1], [2 ** 30, 1, -(2 ** 30)]);
    const dy = tensor("float32", [3, 1, 1, 1], [1, 1, 1]);
    const attributes = {
      kernel: [1, 1],
      strides: [1, 1],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
      groups: 1,
      wants: "filter",
    } as const;
    const dw = await one({ op: "convolution", inputs: [x, dy], attributes }, [x, dy]);
    expect([...valuesOf(dw)]).toEqual([1]);
  });
});

describe("poolGrad", () => {
  const geometries = fc
    .record({
      window: windows,
      channels: between(1, 2),
      ceil: fc.boolean(),
      countIncludePad: fc.boolean(),
      kind: fc.constantFrom("max" as const, "average" as const),
    })
    .filter(({ window, ceil }) => counts(window, ceil).every((count) => count > 0))
    // Of every window, some element must lie in the image, and no window in the padding alone.
    .filter(({ window: { kernel, dilations, pads, size } }) =>
      kernel.every((length, i) => {
        const extent = (length - 1) * dilations[i]! + 1;
        return pads[i]! < extent && pads[i + 2]! < extent && (dilations[i] === 1 || size[i]! > 1);
      }),
    );

  test("is the slope of <pool2d(x), dy> along every element, where no two elements of x are equal", () =>
    fc.assert(
      fc.asyncProperty(geometries, between(0, 99), async (geometry, seed) => {
        const { window, channels, kind, ...rest } = geometry;
        const { size, ...geometryOf } = window;
        const pooled = { ...geometryOf, ...rest, kind } satisfies PoolGradAttributes;
        const x = noise([1, channels, ...size], seed);
        const dy = noise([1, channels, ...counts(window, rest.ceil)], seed + 100);
        const dx =
          kind === "max"
            ? await one({ op: "poolGrad", inputs: [x, dy], attributes: pooled }, [x, dy])
            : await one({ op: "poolGrad", inputs: [dy], attributes: { ...pooled, size } }, [dy]);
        expect(dx.shape).toEqual(x.shape);
        // One row for each element of x, moved by so little that the same ones stay the largest: pools are linear there.
        const step = 2 ** -30;
        const count = elementCount(x.shape);
        const moved = floats([count * 2, channels, ...size], (i) => {
          const [at, row] = [i % count, Math.floor(i / count)];
          const by = at === row % count ? (row < count ? step : -step) : 0;
          return valuesOf(x)[at]! + by;
        });
        const attributes = { ...pooled, layout: "nchw" } as const;
        const y = valuesOf(await one({ op: "pool2d", inputs: [moved], attributes }, [moved]));
        const gradient = Array.from(valuesOf(dy));
        const total = (row: number) =>
          gradient.reduce((sum, slope, i) => sum + slope * y[row * gradient.length + i]!, 0);
        for (const [at, slope] of valuesOf(dx).entries())
          expect(slope).toBeCloseTo((total(at) - total(count + at)) / (2 * step), 4);
      }),
      { numRuns: 80 },
    ));

  test("of a window that sees no element goes nowhere", async () => {
    // Positions -1 and 1 around the one element.
    const x = tensor("float32", [1, 1, 1, 1], [3]);
    const attributes = { kernel: [1, 2], strides: [1, 1], dilations: [1, 2], pads: [0, 1, 0, 1] } as const;
    const dy = tensor("float32", [1, 1, 1, 1], [5]);
    const max = await one({ op: "poolGrad", inputs: [x, dy], attributes: { ...attributes, kind: "max" } }, [
      x,
      dy,
    ]);
    const average = { ...attributes, kind: "average", size: [1, 1] } as const;
    expect([...valuesOf(max)]).toEqual([0]);
    expect([...valuesOf(await one({ op: "poolGrad", inputs: [dy], attributes: average }, [dy]))]).toEqual([
      0,
    ]);
  });
});

describe("scatterAdd", () => {
  const shapes = fc.record({
    outer: fc.array(between(0, 3), { maxLength: 2 }),
    picked: fc.array(between(0, 3), { maxLength: 2 }),
    after: fc.array(between(1, 3), { maxLength: 2 }),
    size: between(1, 5),
    format: fc.constantFrom("int32" as const, "int64" as const),
  });

  test("is the adjoint of gather: <gather(x, i), dy> = <x, scatterAdd(i, dy)>", () =>
    fc.assert(
      fc.asyncProperty(shapes, between(0, 99), async ({ outer, picked, after, size, format }, seed) => {
        const axis = outer.length;
        const x = noise([...outer, size, ...after], seed);
        const dy = noise([...outer, ...picked, ...after], seed + 100);
        const at = Array.from(
          { length: elementCount(picked) },
          (_, i) => ((i * 7 + seed) % (2 * size)) - size,
        );
        const [indices, narrow] = [tensor(format, picked, at), tensor("int32", picked, at)];
        const y = await one({ op: "gather", inputs: [x, narrow], attributes: { axis } }, [x, narrow]);
        const dx = await one({ op: "scatterAdd", inputs: [indices, dy], attributes: { axis, size } }, [
          indices,
          dy,
        ]);
        expect(inner(x, dx)).toBeCloseTo(inner(y, dy), 9);
      }),
      { numRuns: 150 },
    ));

  test.each([-4, 3, 2 ** 31 - 1])("does not point outside of the axis: %i", async (index) => {
    const [indices, dy] = [tensor("int32", [2], [0, index]), tensor("float32", [2], [1, 2])];
    const spec = { op: "scatterAdd", inputs: [indices, dy], attributes: { axis: 0, size: 3 } } as const;
    await expect(run(spec, [indices, dy])).rejects.toThrow(IndexError);
  });
});
