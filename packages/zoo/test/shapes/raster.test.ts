import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { outlines, shapeClasses } from "../../src/shapes/outlines.ts";
import { Raster } from "../../src/shapes/raster.ts";
import { sine } from "../../src/shapes/sine.ts";

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

/** Gauss's formula. */
function area(points: ArrayLike<number>): number {
  let twice = 0;
  for (let i = 0; i < points.length; i += 2) {
    const j = (i + 2) % points.length;
    twice += points[i]! * points[j + 1]! - points[j]! * points[i + 1]!;
  }
  return Math.abs(twice) / 2;
}

function filled(points: readonly number[], size = 32): Raster {
  const raster = new Raster(size);
  raster.fill(Float64Array.from(points));
  raster.finish();
  return raster;
}

describe("fills", () => {
  test("by hand", () => {
    // A rectangle over a quarter, three quarters and whole pixels.
    const { coverage } = filled([0.5, 0.5, 2.5, 0.5, 2.5, 2, 0.5, 2], 4);
    expect(Array.from(coverage)).toEqual([0.25, 0.5, 0.25, 0, 0.5, 1, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // A triangle under the diagonal, drawn the other way round.
    expect(Array.from(filled([0, 0, 0, 3, 3, 3], 3).coverage)).toEqual([0.5, 0, 0, 1, 0.5, 0, 1, 1, 0.5]);
  });

  test("cover the area of the triangle, wherever it lies in the image", () => {
    const coordinate = fc.double({ min: 0, max: 32, noNaN: true });
    fc.assert(
      fc.property(fc.array(coordinate, { minLength: 6, maxLength: 6 }), (points) => {
        expect(sum(filled(points).coverage)).toBeCloseTo(area(points), 1);
      }),
    );
  });

  test("leave off what is outside of the image", () => {
    // The middle half of a square that is twice the image: exactly the image.
    expect(sum(filled([-16, -16, 48, -16, 48, 48, -16, 48]).coverage)).toBe(32 * 32);
    expect(sum(filled([40, 3, 50, 3, 50, 9, 40, 9]).coverage)).toBe(0);
    expect(sum(filled([-9, 3, -5, 3, -5, 9, -9, 9]).coverage)).toBe(0);
    expect(sum(filled([3, -9, 5, -9, 5, -3, 3, -3]).coverage)).toBe(0);
    expect(sum(filled([20, 10, 40, 10, 40, 12, 20, 12]).coverage)).toBe(24);
  });

  test("begin anew after each finish", () => {
    const raster = filled([1, 1, 5, 1, 5, 5, 1, 5]);
    raster.finish();
    expect(sum(raster.coverage)).toBe(0);
  });
});

test("strokes have their width, and only the pieces that were asked for", () => {
  const raster = new Raster(32);
  const square = Float64Array.of(6, 6, 26, 6, 26, 26, 6, 26);
  raster.stroke(square, 2, 0, 1);
  raster.finish();
  expect(raster.coverage[6 * 32 + 16]).toBe(1);
  expect(raster.coverage[8 * 32 + 16]).toBe(0);
  expect(raster.coverage[26 * 32 + 16]).toBe(0);
  // 20 long and 0.6 longer at each end.
  expect(sum(raster.coverage)).toBeCloseTo(2 * 21.2, 9);
  // Pieces after the last are the first again.
  raster.stroke(square, 2, 3, 5);
  raster.finish();
  expect(raster.coverage[16 * 32 + 6]).toBe(1);
  expect(raster.coverage[6 * 32 + 16]).toBe(1);
  expect(raster.coverage[16 * 32 + 26]).toBe(0);
});

test("the sine is Math.sin to 1e-9", () => {
  for (let t = -3; t < 3; t += 1 / 517)
    expect(Math.abs(sine(t) - Math.sin(2 * Math.PI * t))).toBeLessThan(1e-9);
  expect([0, 0.25, 0.5, 0.75].map(sine).map((x) => x + 0)).toEqual([
    0,
    expect.closeTo(1, 9),
    0,
    expect.closeTo(-1, 9),
  ]);
});

describe("outlines", () => {
  test.each(shapeClasses.map((name, i) => ({ name, outline: outlines[i] as Float64Array })))(
    "$name lies in the unit circle, in short pieces",
    ({ outline }) => {
      for (let i = 0; i < outline.length; i += 2) {
        const j = (i + 2) % outline.length;
        const [x, y] = [outline[i]!, outline[i + 1]!];
        expect(Math.hypot(x, y)).toBeLessThan(1.15);
        expect(Math.hypot(outline[j]! - x, outline[j + 1]! - y)).toBeLessThan(0.31);
      }
      // Large enough to be seen, and without loops, which would cancel out.
      expect(area(outline)).toBeGreaterThan(0.5);
      const drawn = filled(Array.from(outline, (x) => 16 + 12 * x));
      expect(sum(drawn.coverage)).toBeCloseTo(144 * area(outline), 0);
    },
  );
});
