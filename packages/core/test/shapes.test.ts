import fc from "fast-check";
import { expect, test } from "vitest";
import { AxisError, elementCount, normalizeAxis, ShapeError, storageBytes, strides } from "../src/index.ts";

test("element count: a scalar has one, an empty dimension leaves none", () => {
  expect(elementCount([])).toBe(1);
  expect(elementCount([2, 3, 4])).toBe(24);
  expect(elementCount([2, 0, 4])).toBe(0);
  expect(elementCount([2 ** 52])).toBe(2 ** 52);
});

test.each([
  [[-1]],
  [[2, 1.5]],
  [[NaN]],
  [[Infinity]],
  [[2 ** 53]],
  [[2 ** 30, 2 ** 30]],
  [[2 ** 30, 2 ** 30, 0]],
])("%j is no shape", (shape) => {
  expect(() => elementCount(shape)).toThrow(ShapeError);
  expect(() => elementCount(shape)).toThrow(expect.objectContaining({ code: "SHAPE", shape }));
  expect(() => storageBytes("int8", shape)).toThrow(ShapeError);
  expect(() => strides(shape)).toThrow(ShapeError);
});

test("the message says which dimension", () => {
  expect(() => elementCount([4, -2])).toThrow(
    "dimension 1 of shape [4,-2] is -2; use a non-negative integer",
  );
});

test("storage bytes: sub-byte codes share bytes", () => {
  expect(storageBytes("float64", [3])).toBe(24);
  expect(storageBytes("float16", [3, 5])).toBe(30);
  expect(storageBytes("int8", [])).toBe(1);
  expect(storageBytes("bool", [7])).toBe(7);
  expect(storageBytes("int4", [7])).toBe(4);
  expect(storageBytes("float4_e2m1", [])).toBe(1);
  expect(storageBytes("uint2", [4])).toBe(1);
  expect(storageBytes("int2", [3, 3])).toBe(3);
  expect(storageBytes("int4", [0])).toBe(0);
  expect(storageBytes("int4", [2 ** 53 - 1])).toBe(2 ** 52);
});

test("strides are row-major", () => {
  expect(strides([2, 3, 4])).toEqual([12, 4, 1]);
  expect(strides([5])).toEqual([1]);
  expect(strides([])).toEqual([]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), (shape) => {
      // Walking all indices in row-major order walks the offsets one by one.
      const steps = strides(shape);
      for (let offset = 0; offset < elementCount(shape); offset++) {
        const index = shape.map((size, axis) => Math.floor(offset / steps[axis]!) % size);
        expect(index.reduce((sum, i, axis) => sum + i * steps[axis]!, 0)).toBe(offset);
      }
    }),
  );
});

test("axes count from either end", () => {
  expect([0, 1, 2, -1, -2, -3].map((axis) => normalizeAxis(axis, 3))).toEqual([0, 1, 2, 2, 1, 0]);
  for (const axis of [3, -4, 0.5, NaN]) expect(() => normalizeAxis(axis, 3)).toThrow(AxisError);
  expect(() => normalizeAxis(3, 3)).toThrow("axis 3 is out of range for a tensor of rank 3; use -3 to 2");
  expect(() => normalizeAxis(0, 0)).toThrow("axis 0 does not exist: the tensor has no dimensions");
});
