/**
 * GPTQ (Frantar et al. 2023): columns are rounded one after the other, and what rounding one does to the output is made up
 * for, as well as it can be, by those that are still to come. How much each changes is in the rows of the Cholesky factor of
 * the inverse Gram matrix, which is computed once for all rows of the weight.
 */
import type { LayerGram } from "../calibration/statistics.ts";
import { QuantizeError } from "../errors.ts";
import { type Grid, nearestRank, numberOf, type Rounded } from "./grid.ts";
import { inverseFactor, NotPositiveDefiniteError } from "./linear-algebra.ts";
import { checkGram, gramOf } from "./loss.ts";
import type { WeightMatrix } from "./matrix.ts";
import { fitRange } from "./ranges.ts";

export interface GptqOptions {
  /** What is added to the diagonal of the Gram matrix, as a part of its mean. Default 0.01. */
  readonly damping?: number;
  /** Whether columns with large inputs are rounded first, while there are many to make up for them. Default true. */
  readonly actOrder?: boolean;
  /**
   * When scales of blocks are found: "fixed" keeps those of the grid ("static groups"), "reached" finds each when its first
   * column is reached, from weights that have made up for others; that needs the order of columns as they are. Default "fixed".
   */
  readonly scales?: "fixed" | "reached";
  /** How scales are found that are found when reached. Default "mse". */
  readonly range?: "min-max" | "mse";
}

/** Columns after which all that follow are updated. */
const LAZY = 128;

/**
 * Rounds a weight so that the outputs of its layer change little.
 * @param gram of the inputs of the layer; inputs that were always zero do not count, their weights are rounded to nearest
 * @returns ranks on a copy of the grid where scales are found anew, else on the grid itself
 * @throws QuantizeError for a Gram matrix of other inputs, or options that contradict each other
 */
export function gptq(
  grid: Grid,
  weight: Float32Array,
  matrix: WeightMatrix,
  gram: LayerGram,
  options: GptqOptions = {},
): Rounded {
  checkGram(matrix, gram);
  const { scales = "fixed", range = "mse", damping = 0.01 } = options;
  const isReached =
    scales === "reached" && grid.scheme.granularity.kind === "block" && grid.table?.codebook === undefined;
  const { actOrder = !isReached } = options;
  if (isReached && actOrder)
    throw new QuantizeError(
      "scales of blocks that are found when reached need columns in order; use actOrder: false",
    );
  if (!(damping >= 0)) throw new QuantizeError(`damping must be at least 0, not ${damping}`);
  const block = grid.scheme.granularity.kind === "block" ? grid.scheme.granularity.size : 1;
  const target = isReached
    ? { ...grid, scales: grid.scales.slice(), zeroPoints: grid.zeroPoints.slice() }
    : grid;
  const ranks = new Uint16Array(weight.length);
  const perGroup = matrix.rows / matrix.groups;
  for (let group = 0; group < matrix.groups; group++) {
    const { factor, order } = factorOf(gramOf(gram, group), gram.size, damping, actOrder);
    const fit = isReached ? { block, range } : undefined;
    roundRows(target, weight, matrix, ranks, group * perGroup, perGroup, factor, order, fit);
  }
  return { grid: target, ranks };
}

/** The order of columns, and the upper factor of the inverse of the damped Gram matrix in that order. */
function factorOf(
  gram: Float64Array,
  size: number,
  damping: number,
  actOrder: boolean,
): { factor: Float64Array; order: Int32Array } {
  const diagonal = Float64Array.from({ length: size }, (_, i) => gram[i * (size + 1)]!);
  const order = Int32Array.from(diagonal, (_, i) => i);
  if (actOrder) order.sort((a, b) => diagonal[b]! - diagonal[a]! || a - b);
  const mean = diagonal.reduce((a, b) => a + b, 0) / size || 1;
  const damped = new Float64Array(size * size);
  for (let part = damping; ; part = Math.max(10 * part, 1e-6)) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) damped[i * size + j] = gram[order[i]! * size + order[j]!]!;
      // An input that is always zero has nothing to do with the others.
      damped[i * (size + 1)] = diagonal[order[i]!]! > 0 ? diagonal[order[i]!]! + part * mean : mean;
    }
    try {
      return { factor: inverseFactor(damped, size), order };
    } catch (error) {
      // With as much as its mean on the diagonal a Gram matrix is positive definite; what is not has other faults.
      if (!(error instanceof NotPositiveDefiniteError) || part > 1) throw error;
    }
  }
}

/** The rows of one group of a convolution, or all rows. */
function roundRows(
  grid: Grid,
  weight: Float32Array,
  { size, rowStride, termStride }: WeightMatrix,
  ranks: Uint16Array,
  first: number,
  rows: number,
  factor: Float64Array,
  order: Int32Array,
  fit: { block: number; range: "min-max" | "mse" } | undefined,
): void {
  const left = new Float64Array(rows * size);
  for (let row = 0; row < rows; row++)
    for (let j = 0; j < size; j++)
      left[row * size + j] = weight[(first + row) * rowStride + order[j]! * termStride]!;
  const lazy = fit === undefined ? LAZY : Math.ceil(LAZY / fit.block) * fit.block;
  const errors = new Float64Array(lazy);
  for (let start = 0; start < size; start += lazy) {
    const end = Math.min(start + lazy, size);
    for (let row = 0; row < rows; row++) {
      const from = row * size;
      for (let j = start; j < end; j++) {
        const at = (first + row) * rowStride + order[j]! * termStride;
        const group = grid.groupOf[at]!;
        if (fit !== undefined && j % fit.block === 0)
          fitRange(
            grid,
            group,
            Float32Array.from(left.subarray(from + j, from + Math.min(j + fit.block, end))),
            fit.range,
          );
        const x = left[from + j]!;
        const rank = nearestRank(grid, group, x);
        ranks[at] = rank;
        const error = (x - numberOf(grid, group, rank)) / factor[j * (size + 1)]!;
        errors[j - start] = error;
        for (let k = j + 1, u = j * size; k < end; k++) left[from + k]! -= error * factor[u + k]!;
      }
      spread(left, from, errors, factor, size, start, end);
    }
  }
}

/** Takes what the columns from `start` to `end` leave to make up for out of the columns from `end` on, four at a time. */
function spread(
  left: Float64Array,
  from: number,
  errors: Float64Array,
  factor: Float64Array,
  size: number,
  start: number,
  end: number,
): void {
  let j = start;
  for (; j + 3 < end; j += 4) {
    const [a, b, c, d] = [
      errors[j - start]!,
      errors[j - start + 1]!,
      errors[j - start + 2]!,
      errors[j - start + 3]!,
    ];
    const u = j * size;
    for (let k = end; k < size; k++)
      left[from + k]! -=
        a * factor[u + k]! +
        b * factor[u + size + k]! +
        c * factor[u + 2 * size + k]! +
        d * factor[u + 3 * size + k]!;
  }
  for (; j < end; j++) {
    const error = errors[j - start]!;
    for (let k = end, u = j * size; k < size; k++) left[from + k]! -= error * factor[u + k]!;
  }
}

/**
 * The float weight to round instead, for a layer whose inputs are those of a model that is rounded so far: of all weights it
 * comes nearest to what the float layer makes of the float inputs (the asymmetric reconstruction of Nagel et al. 2020, section
 * 3.3, solved in closed form): W + W (C - G) G^-1, with the damped Gram matrix G of the inputs and their products C with
 * the float ones.
 * @param cross [groups, size, size]: the mean of x y^T of float inputs x and inputs y of the rounded model
 */
export function asymmetricTarget(
  weight: Float32Array,
  matrix: WeightMatrix,
  gram: LayerGram,
  cross: Float64Array,
  damping = 0.01,
): Float32Array {
  checkGram(matrix, gram);
  const { rows, size, groups, rowStride, termStride } = matrix;
  if (cross.length !== gram.values.length)
    throw new QuantizeError(
      `the products with float inputs are ${cross.length} numbers, not ${gram.values.length}`,
    );
  const target = weight.slice();
  const perGroup = rows / groups;
  for (let group = 0; group < groups; group++) {
    const { factor } = factorOf(gramOf(gram, group), size, damping, false);
    const from = group * size * size;
    const change = new Float64Array(size);
    const half = new Float64Array(size);
    for (let row = group * perGroup; row < (group + 1) * perGroup; row++) {
      change.fill(0);
      for (let i = 0; i < size; i++) {
        const w = weight[row * rowStride + i * termStride]!;
        if (w === 0) continue;
        for (let j = 0, at = from + i * size; j < size; j++)
          change[j]! += w * (cross[at + j]! - gram.values[at + j]!);
      }
      // The inverse is U^T U.
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (let j = i; j < size; j++) sum += factor[i * size + j]! * change[j]!;
        half[i] = sum;
      }
      change.fill(0);
      for (let i = 0; i < size; i++)
        for (let j = i; j < size; j++) change[j]! += factor[i * size + j]! * half[i]!;
      for (let i = 0; i < size; i++) target[row * rowStride + i * termStride]! += change[i]!;
    }
  }
  return target;
}
