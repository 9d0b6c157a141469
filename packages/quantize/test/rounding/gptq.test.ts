import { type Scheme, scalesOf } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import {
  asymmetricTarget,
  centered,
  codedWeight,
  descend,
  type Grid,
  gptq,
  gridOf,
  importanceOf,
  nearest,
  outputError,
  QuantizeError,
  refine,
  roundedValues,
  searchScales,
} from "../../src/index.ts";
import { gramOfInputs, normals, relatedInputs, rowMajor } from "./support.ts";

const affine = { kind: "affine", symmetric: true } as const;
const channel = { kind: "channel", axis: 0 } as const;

/** Integers from -8 to 7. */
function integers(weight: Float32Array, shape: number[]): Grid {
  const grid = gridOf(weight, shape, { dtype: "int4", granularity: { kind: "tensor" }, mapping: affine });
  return { ...grid, scales: Float32Array.of(1) };
}

describe("GPTQ", () => {
  test("by hand: what the first weight does wrong, the second makes up for", () => {
    // 0.6 becomes 1, 0.4 too much. With G = [[1, 0.5], [0.5, 1]] the second does best 0.2 lower: 0.4, which becomes 0.
    const weight = Float32Array.of(0.6, 0.6);
    const gram = {
      rows: 9,
      size: 2,
      groups: 1,
      values: Float64Array.of(1, 0.5, 0.5, 1),
      mean: new Float64Array(2),
    };
    const matrix = rowMajor(1, 2);
    const grid = integers(weight, [1, 2]);
    const rounded = roundedValues(gptq(grid, weight, matrix, gram, { damping: 0, actOrder: false }));
    expect([...rounded]).toEqual([1, 0]);
    expect([...roundedValues(nearest(grid, weight))]).toEqual([1, 1]);
    expect(outputError(weight, rounded, matrix, gram)).toBeCloseTo(0.16 + 0.36 - 0.24, 6);
    expect(outputError(weight, [1, 1], matrix, gram)).toBeCloseTo(0.48, 6);
  });

  test("by hand: the weight with the larger input goes first", () => {
    const weight = Float32Array.of(0.6, 0.6);
    const gram = {
      rows: 9,
      size: 2,
      groups: 1,
      values: Float64Array.of(1, 1, 1, 4),
      mean: new Float64Array(2),
    };
    // The second becomes 1, 0.4 too much; the first does best 0.4 lower: 0.2, which becomes 0.
    const rounded = gptq(integers(weight, [1, 2]), weight, rowMajor(1, 2), gram, { damping: 0 });
    expect([...roundedValues(rounded)]).toEqual([0, 1]);
  });

  test("is rounding to nearest where inputs have nothing to do with each other, or are always zero", () => {
    const weight = normals(24, 1);
    const values = new Float64Array(36);
    for (let i = 0; i < 5; i++) values[i * 7] = i + 1;
    const gram = { rows: 9, size: 6, groups: 1, values, mean: new Float64Array(6) };
    const grid = gridOf(weight, [4, 6], { dtype: "int4", granularity: channel, mapping: affine });
    expect(gptq(grid, weight, rowMajor(4, 6), gram).ranks).toEqual(nearest(grid, weight).ranks);
  });

  const schemes: readonly (readonly [Scheme, number | undefined])[] = [
    [{ dtype: "int2", granularity: channel, mapping: affine }, undefined],
    [{ dtype: "int4", granularity: channel, mapping: affine }, 3],
    [
      {
        dtype: "uint4",
        granularity: { kind: "block", axis: 1, size: 16 },
        mapping: { kind: "affine", symmetric: false },
      },
      undefined,
    ],
    [{ dtype: "uint4", granularity: channel, mapping: { kind: "codebook", table: "nf4" } }, undefined],
    [{ dtype: "uint4", granularity: channel, mapping: { kind: "codebook", table: "kmeans" } }, 3],
    [{ dtype: "int4", granularity: { kind: "tensor" }, mapping: { kind: "log2" } }, undefined],
    [{ dtype: "float4_e2m1", granularity: channel, mapping: affine }, undefined],
  ];

  test.each(schemes)("errs less than rounding to nearest: %o, %s bits", (scheme, bits) => {
    for (let seed = 0; seed < 4; seed++) {
      const [rows, size] = [6, 48];
      const matrix = rowMajor(rows, size);
      const weight = normals(rows * size, seed);
      const gram = gramOfInputs(relatedInputs(200, size, seed), size);
      const grid = gridOf(weight, [rows, size], scheme, { bits });
      const error = (values: Float32Array) => outputError(weight, values, matrix, gram);
      const plain = error(roundedValues(nearest(grid, weight)));
      for (const actOrder of [true, false]) {
        const rounded = gptq(grid, weight, matrix, gram, { actOrder });
        expect(error(roundedValues(rounded))).toBeLessThan(0.8 * plain);
      }
      const better = descend(gptq(grid, weight, matrix, gram), weight, matrix, gram);
      expect(error(roundedValues(better))).toBeLessThan(0.6 * plain);
    }
  });

  test("finds the scales of blocks when it reaches them", () => {
    const [rows, size] = [4, 300];
    const weight = normals(rows * size, 2);
    const gram = gramOfInputs(relatedInputs(900, size, 2), size);
    const matrix = rowMajor(rows, size);
    const scheme = {
      dtype: "int2",
      granularity: { kind: "block", axis: 1, size: 32, partial: true },
      mapping: affine,
    } as const;
    const grid = gridOf(weight, [rows, size], scheme, { range: "mse" });
    const before = grid.scales.slice();
    const rounded = gptq(grid, weight, matrix, gram, { scales: "reached" });
    expect(grid.scales).toEqual(before);
    expect(rounded.grid.scales).not.toEqual(before);
    const error = (values: Float32Array) => outputError(weight, values, matrix, gram);
    expect(error(roundedValues(rounded))).toBeLessThan(0.7 * error(roundedValues(nearest(grid, weight))));
    expect(() => gptq(grid, weight, matrix, gram, { scales: "reached", actOrder: true })).toThrow(
      QuantizeError,
    );
  });

  test("does not depend on how the weight lies in memory, and keeps groups of a convolution apart", () => {
    const [rows, size] = [6, 10];
    const weight = normals(rows * size, 4);
    const turned = Float32Array.from(weight, (_, i) => weight[(i % rows) * size + Math.floor(i / rows)]!);
    const gram = gramOfInputs(relatedInputs(100, size, 4), size);
    const scheme = { dtype: "int4", granularity: channel, mapping: affine } as const;
    const straight = roundedValues(
      gptq(gridOf(weight, [rows, size], scheme), weight, rowMajor(rows, size), gram),
    );
    const columns = { rows, size, rowStride: 1, termStride: rows, groups: 1 };
    const grid = gridOf(turned, [size, rows], { ...scheme, granularity: { kind: "channel", axis: 1 } });
    const transposed = roundedValues(gptq(grid, turned, columns, gram));
    transposed.forEach((x, i) => {
      expect(x).toBe(straight[(i % rows) * size + Math.floor(i / rows)]);
    });

    const inputs = relatedInputs(100, 2 * size, 5);
    const pair = gramOfInputs(inputs, size, 2);
    const together = roundedValues(
      gptq(gridOf(weight, [rows, size], scheme), weight, rowMajor(rows, size, 2), pair),
    );
    for (const group of [0, 1]) {
      const half = weight.slice(group * 3 * size, (group + 1) * 3 * size);
      const own = inputs.filter((_, i) => Math.floor(i / size) % 2 === group);
      const alone = gptq(gridOf(half, [3, size], scheme), half, rowMajor(3, size), gramOfInputs(own, size));
      expect(roundedValues(alone)).toEqual(together.slice(group * 3 * size, (group + 1) * 3 * size));
    }
  });

  test("refuses a Gram matrix of other inputs", () => {
    const weight = normals(6, 1);
    const gram = gramOfInputs(relatedInputs(9, 2, 1), 2);
    expect(() => gptq(integers(weight, [2, 3]), weight, rowMajor(2, 3), gram)).toThrow(QuantizeError);
  });

  test("takes as many inputs as they are, fewer than weights in a row, too", () => {
    const weight = normals(4 * 40, 8);
    const gram = gramOfInputs(relatedInputs(5, 40, 8), 40);
    const grid = gridOf(weight, [4, 40], { dtype: "int4", granularity: channel, mapping: affine });
    const error = (values: Float32Array) => outputError(weight, values, rowMajor(4, 40), gram);
    for (const damping of [0, 0.01])
      expect(error(roundedValues(gptq(grid, weight, rowMajor(4, 40), gram, { damping })))).toBeLessThan(
        error(roundedValues(nearest(grid, weight))),
      );
  });
});

describe("codes and scales in turn", () => {
  test("come near to what trying all codes and scales finds", () => {
    let [ours, best, plain] = [0, 0, 0];
    for (let seed = 0; seed < 12; seed++) {
      const size = 5;
      const matrix = rowMajor(1, size);
      const weight = normals(size, seed);
      const gram = gramOfInputs(relatedInputs(40, size, seed), size);
      const scheme = { dtype: "int2", granularity: channel, mapping: affine } as const;
      const grid = gridOf(weight, [1, size], scheme, {
        range: "mse",
        importance: importanceOf(matrix, gram),
      });
      const start = nearest(grid, weight);
      const error = (values: Float32Array) => outputError(weight, values, matrix, gram);
      plain += error(roundedValues(start));
      ours += error(roundedValues(refine(gptq(grid, weight, matrix, gram), weight, matrix, gram)));
      best += allCodes(weight, gram.values, size);
    }
    expect(ours).toBeLessThan(2 * best);
    expect(ours - best).toBeLessThan(0.2 * (plain - best));
  });

  /** The least error over all codes of 2 bits, each with the scale that suits it. */
  function allCodes(weight: Float32Array, g: Float64Array, size: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let index = 0; index < 4 ** size; index++) {
      const codes = Array.from(weight, (_, i) => (Math.floor(index / 4 ** i) % 4) - 2);
      let [along, square, whole] = [0, 0, 0];
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) {
          along += codes[i]! * g[i * size + j]! * weight[j]!;
          square += codes[i]! * g[i * size + j]! * codes[j]!;
          whole += weight[i]! * g[i * size + j]! * weight[j]!;
        }
      if (square > 0 && along > 0) least = Math.min(least, whole - (along * along) / square);
    }
    return least;
  }

  test.each([{ kind: "tensor" }, channel, { kind: "block", axis: 1, size: 4 }] as const)(
    "better scales for given codes, %o: none near them is better",
    (granularity) => {
      const weight = normals(24, 3);
      const matrix = rowMajor(3, 8);
      const gram = gramOfInputs(relatedInputs(60, 8, 3), 8);
      const start = nearest(gridOf(weight, [3, 8], { dtype: "int2", granularity, mapping: affine }), weight);
      let found = start;
      // Blocks of one row depend on each other.
      for (let i = 0; i < 60; i++) found = searchScales(found, weight, matrix, gram);
      const error = (values: Float32Array) => outputError(weight, values, matrix, gram);
      const least = error(roundedValues(found));
      expect(least).toBeLessThan(error(roundedValues(start)));
      expect(codedWeight(found).codes).toEqual(codedWeight(start).codes);
      for (let group = 0; group < found.grid.scales.length; group++)
        for (const factor of [0.99, 1.01]) {
          const scales = found.grid.scales.slice();
          scales[group]! *= factor;
          const moved = roundedValues({ ...found, grid: { ...found.grid, scales } });
          expect(error(moved)).toBeGreaterThanOrEqual(least * (1 - 1e-6));
        }
    },
  );
});

test("inputs less their mean, by hand", () => {
  const gram = gramOfInputs(Float32Array.of(1, 2, 3, 6), 2);
  expect([...gram.mean]).toEqual([2, 4]);
  expect([...gram.values]).toEqual([5, 10, 10, 20]);
  expect([...centered(gram).values]).toEqual([1, 2, 2, 4]);
});

test("the target for inputs that are rounded already gives what the float layer gives", () => {
  // The rounded model's inputs are twice as large: half of the weight does the same.
  const size = 4;
  const x = relatedInputs(50, size, 6);
  const gram = gramOfInputs(
    x.map((each) => 2 * each),
    size,
  );
  const cross = gramOfInputs(x, size).values.map((each) => 2 * each);
  const weight = normals(8, 6);
  const target = asymmetricTarget(weight, rowMajor(2, size), gram, cross, 1e-9);
  target.forEach((w, i) => {
    expect(w).toBeCloseTo(weight[i]! / 2, 4);
  });
  expect(scalesOf(codedWeight(nearest(integers(weight, [2, 4]), weight)))).toEqual(Float32Array.of(1));
});
