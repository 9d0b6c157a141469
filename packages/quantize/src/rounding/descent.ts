/**
 * Coordinate descent on the error of the output: one weight after the other gets the number with which that error is smallest
 * while all others stay (Behdin et al. 2023, QuantEase, algorithm 1). Started from where GPTQ ends, it can only
 * get better, since what GPTQ rounded first never saw what was rounded last.
 */
import type { LayerGram } from "../calibration/statistics.ts";
import { nearestRank, numberOf, type Rounded } from "./grid.ts";
import { multiply } from "./linear-algebra.ts";
import { checkGram, gramOf } from "./loss.ts";
import type { WeightMatrix } from "./matrix.ts";

export interface DescentOptions {
  /** Rounds over all weights of a row; a row ends when one changes nothing. Default 20. */
  readonly sweeps?: number;
}

/** @returns the same grid with better ranks: the error of the output is at most what it was */
export function descend(
  { grid, ranks }: Rounded,
  weight: Float32Array,
  matrix: WeightMatrix,
  gram: LayerGram,
  { sweeps = 20 }: DescentOptions = {},
): Rounded {
  checkGram(matrix, gram);
  const { rows, size, groups, rowStride, termStride } = matrix;
  const better = ranks.slice();
  const numbers = new Float64Array(size);
  const error = new Float64Array(size);
  const product = new Float64Array(size);
  for (let row = 0; row < rows; row++) {
    const g = gramOf(gram, Math.floor((row * groups) / rows));
    for (let i = 0; i < size; i++) {
      const at = row * rowStride + i * termStride;
      numbers[i] = numberOf(grid, grid.groupOf[at]!, better[at]!);
      error[i] = numbers[i]! - weight[at]!;
    }
    multiply(g, size, error, product);
    for (let sweep = 0, changes = 1; sweep < sweeps && changes > 0; sweep++) {
      changes = 0;
      for (let i = 0; i < size; i++) {
        const square = g[i * (size + 1)]!;
        if (!(square > 0)) continue;
        const at = row * rowStride + i * termStride;
        const group = grid.groupOf[at]!;
        const rank = nearestRank(grid, group, numbers[i]! - product[i]! / square);
        if (rank === better[at]) continue;
        const number = numberOf(grid, group, rank);
        const step = number - numbers[i]!;
        // Ties and the rounding of numbers must not let it go round in circles.
        if (!(step * (2 * product[i]! + step * square) < 0)) continue;
        better[at] = rank;
        numbers[i] = number;
        changes++;
        for (let j = 0, k = i * size; j < size; j++) product[j]! += step * g[k + j]!;
      }
    }
  }
  return { grid, ranks: better };
}
