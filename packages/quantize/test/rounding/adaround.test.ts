import { describe, expect, test } from "vitest";
import {
  adaround,
  type Grid,
  gridOf,
  nearest,
  outputError,
  QuantizeError,
  roundedValues,
} from "../../src/index.ts";
import { gramOfInputs, normals, relatedInputs, rowMajor } from "./support.ts";

const scheme = {
  dtype: "int4",
  granularity: { kind: "channel", axis: 0 },
  mapping: { kind: "affine", symmetric: true },
} as const;

/** The least error of a row when each weight goes down or up. */
function leastOfRow(grid: Grid, weight: Float32Array, row: number, size: number, g: Float64Array): number {
  const scale = grid.scales[row]!;
  let least = Number.POSITIVE_INFINITY;
  for (let choice = 0; choice < 2 ** size; choice++) {
    const error = Array.from({ length: size }, (_, i) => {
      const x = weight[row * size + i]! / scale;
      return (Math.min(Math.max(Math.floor(x) + ((choice >> i) & 1), -8), 7) - x) * scale;
    });
    let sum = 0;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) sum += error[i]! * g[i * size + j]! * error[j]!;
    least = Math.min(least, sum);
  }
  return least;
}

describe("AdaRound", () => {
  test.each([3, 6])("finds the best of all choices for most rows of %d weights", (size) => {
    const rows = 4;
    let [found, all, ours, best, plain] = [0, 0, 0, 0, 0];
    for (let seed = 0; seed < 10; seed++) {
      const weight = normals(rows * size, seed);
      const gram = gramOfInputs(relatedInputs(50, size, seed), size);
      const grid = gridOf(weight, [rows, size], scheme);
      const learned = roundedValues(adaround(grid, weight, rowMajor(rows, size), gram));
      const nearby = roundedValues(nearest(grid, weight));
      for (let row = 0; row < rows; row++) {
        const part = (values: Float32Array) => values.subarray(row * size, (row + 1) * size);
        const error = (values: Float32Array) =>
          outputError(part(weight), part(values), rowMajor(1, size), gram);
        const least = leastOfRow(grid, weight, row, size, gram.values);
        found += Number(error(learned) < least * (1 + 1e-4) + 1e-9);
        all++;
        ours += error(learned);
        best += least;
        plain += error(nearby);
      }
    }
    expect(found / all).toBeGreaterThan(0.8);
    expect(ours - best).toBeLessThan(0.1 * (plain - best));
  });

  test.each([
    scheme,
    { ...scheme, dtype: "uint4", mapping: { kind: "codebook", table: "nf4" } },
    { ...scheme, mapping: { kind: "log2" } },
  ] as const)("errs less than rounding to nearest, and goes to a neighbour: %o", (given) => {
    const [rows, size] = [6, 40];
    const matrix = rowMajor(rows, size, 2);
    const weight = normals(rows * size, 1);
    const gram = gramOfInputs(relatedInputs(200, 2 * size, 1), size, 2);
    const grid = gridOf(weight, [rows, size], given);
    const plain = nearest(grid, weight);
    const learned = adaround(grid, weight, matrix, gram, { steps: 1000 });
    const error = (values: Float32Array) => outputError(weight, values, matrix, gram);
    expect(error(roundedValues(learned))).toBeLessThan(0.6 * error(roundedValues(plain)));
    for (const [i, rank] of learned.ranks.entries())
      expect(Math.abs(rank - plain.ranks[i]!)).toBeLessThanOrEqual(1);
    expect(adaround(grid, weight, matrix, gram, { steps: 1000 })).toEqual(learned);
  });

  test("refuses steps that are none", () => {
    const weight = normals(4, 1);
    const gram = gramOfInputs(relatedInputs(9, 2, 1), 2);
    const grid = gridOf(weight, [2, 2], scheme);
    expect(() => adaround(grid, weight, rowMajor(2, 2), gram, { steps: 0 })).toThrow(QuantizeError);
  });
});
