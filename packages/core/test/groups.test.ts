import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  AxisError,
  BlockError,
  forEachRun,
  type Granularity,
  groupSizes,
  groupsOf,
  ShapeError,
} from "../src/index.ts";
import { groupOfEach } from "./support/naive.ts";

/** The group of each element, as the walk from `start` to `end` tells it. */
function walk(shape: number[], granularity: Granularity, start?: number, end?: number): number[] {
  const groups = groupsOf(shape, granularity);
  const found: number[] = [];
  const from = start ?? 0;
  forEachRun(groups, from, end ?? groups.elements, (at, length, group) => {
    expect(at).toBe(from + found.length);
    expect(length).toBeGreaterThan(0);
    for (let i = 0; i < length; i++) found.push(groups.columnwise ? group + i : group);
  });
  return found;
}

const shapes = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 4 });
const layouts = shapes.chain((shape) => {
  const axis = fc.integer({ min: -shape.length, max: shape.length - 1 });
  return fc.tuple(
    fc.constant(shape),
    fc.oneof(
      fc.constant<Granularity>({ kind: "tensor" }),
      axis.map((axis): Granularity => ({ kind: "channel", axis })),
      fc
        .tuple(axis, fc.integer({ min: 1, max: 8 }))
        .map(([axis, size]): Granularity => ({ kind: "block", axis, size, partial: true })),
    ),
  );
});

describe("groups", () => {
  test("a matrix of weights, [K, N] with blocks along K, has scales [K / size, N]", () => {
    const groups = groupsOf([4, 3], { kind: "block", axis: 0, size: 2 });
    expect(groups).toMatchObject({ count: 6, shape: [2, 3], elements: 12 });
    expect(walk([4, 3], { kind: "block", axis: 0, size: 2 })).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]);
  });

  test("channels of a convolution's input, [N, C, H, W]", () => {
    expect(walk([2, 3, 1, 2], { kind: "channel", axis: 1 })).toEqual([0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
    expect(groupsOf([2, 3, 1, 2], { kind: "channel", axis: -3 }).shape).toEqual([3]);
  });

  test("a last block may be shorter", () => {
    const granularity = { kind: "block", axis: 1, size: 2, partial: true } as const;
    expect(walk([2, 3], granularity)).toEqual([0, 0, 1, 2, 2, 3]);
    expect(Array.from(groupSizes(groupsOf([2, 3], granularity)))).toEqual([2, 1, 2, 1]);
  });

  test("a scalar is one group", () => {
    expect(groupsOf([], { kind: "tensor" })).toMatchObject({ count: 1, shape: [], elements: 1 });
  });

  test("agree with coordinates, for every shape and granularity", () => {
    fc.assert(
      fc.property(layouts, ([shape, granularity]) => {
        const expected = groupOfEach(shape, granularity);
        const groups = groupsOf(shape, granularity);
        expect(walk(shape, granularity)).toEqual(expected);
        expect(groups.count).toBe(groups.shape.reduce((a, b) => a * b, 1));
        const sizes = new Array<number>(groups.count).fill(0);
        for (const group of expected) sizes[group]!++;
        expect(Array.from(groupSizes(groups))).toEqual(sizes);
      }),
    );
  });

  test("a walk may start and end anywhere", () => {
    fc.assert(
      fc.property(layouts, fc.nat(), fc.nat(), ([shape, granularity], a, b) => {
        const expected = groupOfEach(shape, granularity);
        const [start, end] = [a % (expected.length + 1), b % (expected.length + 1)].sort((x, y) => x - y);
        expect(walk(shape, granularity, start, end)).toEqual(expected.slice(start, end));
      }),
    );
  });

  test("errors name what does not fit", () => {
    expect(() => groupsOf([2, 5], { kind: "block", axis: -1, size: 2 })).toThrow(
      expect.objectContaining({ name: "BlockError", block: 2, length: 5, axis: 1 }),
    );
    expect(() => groupsOf([4], { kind: "block", axis: 0, size: 0, partial: true })).toThrow(BlockError);
    expect(() => groupsOf([4], { kind: "block", axis: 0, size: 1.5, partial: true })).toThrow(BlockError);
    expect(() => groupsOf([4, 4], { kind: "channel", axis: 2 })).toThrow(AxisError);
    expect(() => groupsOf([], { kind: "channel", axis: 0 })).toThrow(AxisError);
    expect(() => groupsOf([-1], { kind: "tensor" })).toThrow(ShapeError);
    expect(() => groupsOf([4], JSON.parse('{"kind":"row","axis":0}'))).toThrow(ArgumentError);
  });
});
