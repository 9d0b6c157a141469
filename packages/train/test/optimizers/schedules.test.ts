/** Schedules at their corners, and clipping. */
import { describe, expect, test } from "vitest";
import {
  clipGradients,
  constant,
  cosine,
  globalNorm,
  linear,
  type Schedule,
  stepDecay,
  TrainingError,
} from "../../src/index.ts";

function expectFactors(schedule: Schedule, points: readonly (readonly [number, number])[]): void {
  for (const [step, factor] of points) expect(schedule(step), `step ${step}`).toBeCloseTo(factor, 12);
}

test("constant", () => {
  expectFactors(constant(), [
    [0, 1],
    [1e6, 1],
  ]);
  expectFactors(constant({ warmup: 4 }), [
    [0, 0.25],
    [3, 1],
    [4, 1],
  ]);
});

test("cosine", () => {
  expectFactors(cosine({ steps: 100 }), [
    [0, 1],
    [25, (1 + Math.SQRT1_2) / 2],
    [50, 0.5],
    [100, 0],
    [1000, 0],
  ]);
  expectFactors(cosine({ steps: 110, warmup: 10, end: 0.1 }), [
    [0, 0.1],
    [4, 0.5],
    [9, 1],
    [10, 1],
    [60, 0.55],
    [110, 0.1],
    [111, 0.1],
  ]);
});

test("linear", () => {
  expectFactors(linear({ steps: 8, end: 0.5 }), [
    [0, 1],
    [4, 0.75],
    [8, 0.5],
    [9, 0.5],
  ]);
});

test("steps", () => {
  expectFactors(stepDecay({ at: [10, 20], factor: 0.5, warmup: 2 }), [
    [0, 0.5],
    [1, 1],
    [9, 1],
    [10, 0.5],
    [19, 0.5],
    [20, 0.25],
    [1000, 0.25],
  ]);
});

test("schedules that make no sense", () => {
  expect(() => cosine({ steps: 0 })).toThrow(TrainingError);
  expect(() => cosine({ steps: 1.5 })).toThrow(TrainingError);
  expect(() => cosine({ steps: 10, warmup: 10 })).toThrow(/no room/);
  expect(() => cosine({ steps: 10, end: 2 })).toThrow(TrainingError);
  expect(() => linear({ steps: 10, warmup: -1 })).toThrow(TrainingError);
  expect(() => stepDecay({ at: [20, 10] })).toThrow(/ascending/);
  expect(() => stepDecay({ at: [1], factor: Number.NaN })).toThrow(TrainingError);
});

describe("clipping", () => {
  const make = () => [Float32Array.of(3, 0), Float32Array.of(-4)];

  test("the norm is that of all gradients together", () => {
    expect(globalNorm(make())).toBe(5);
    expect(globalNorm([Float32Array.of(3e38, 3e38)])).toBeCloseTo(3e38 * Math.SQRT2, -32);
    expect(globalNorm([Float32Array.of(1, Number.NaN)])).toBeNaN();
    expect(globalNorm([Float32Array.of(1, Number.NEGATIVE_INFINITY)])).toBe(Number.POSITIVE_INFINITY);
  });

  test("by the norm keeps the direction", () => {
    const [a, b] = make();
    clipGradients([a!, b!], { norm: 2.5 }, 5);
    expect([...a!, ...b!]).toEqual([1.5, 0, -2]);
    clipGradients([a!, b!], { norm: 2.5 }, 2.5);
    expect([...a!, ...b!]).toEqual([1.5, 0, -2]);
  });

  test("by value does not", () => {
    const [a, b] = make();
    clipGradients([a!, b!], { value: 3.5 }, 5);
    expect([...a!, ...b!]).toEqual([3, 0, -3.5]);
  });
});
