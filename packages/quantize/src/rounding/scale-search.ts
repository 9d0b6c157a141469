/**
 * The best scales for codes that are given: the error of the output is quadratic in the scales, too, so that each has a
 * closed form while the others stay. In turn with rounding on the new scales (`descend`) this is block coordinate descent on
 * codes and scales together, which gives 2 and 3 bits much of what they have (the alternation of Banner et al. 2019 and of
 * OmniQuant's learned clipping, Shao et al. 2024, on the exact loss of a layer).
 */
import type { LayerGram } from "../calibration/statistics.ts";
import { type DescentOptions, descend } from "./descent.ts";
import { type Rounded, roundedValues, unitOf } from "./grid.ts";
import { multiply } from "./linear-algebra.ts";
import { checkGram, gramOf, outputError } from "./loss.ts";
import type { WeightMatrix } from "./matrix.ts";

/** @returns the same ranks on a grid with better scales: the error of the output is at most what it was, but for rounding */
export function searchScales(
  { grid, ranks }: Rounded,
  weight: Float32Array,
  matrix: WeightMatrix,
  gram: LayerGram,
): Rounded {
  checkGram(matrix, gram);
  const { rows, size, groups, rowStride, termStride } = matrix;
  const scales = grid.scales.slice();
  const { count } = grid.groups;
  // What a change of each scale does to the error: to first order, and to second.
  const slope = new Float64Array(count);
  const curvature = new Float64Array(count);
  const shared = rowsOfGroups(grid.groupOf, count, matrix);
  const units = new Float64Array(size);
  const part = new Float64Array(size);
  const error = new Float64Array(size);
  const product = new Float64Array(size);
  const partProduct = new Float64Array(size);
  for (let row = 0; row < rows; row++) {
    const g = gramOf(gram, Math.floor((row * groups) / rows));
    const own = new Set<number>();
    for (let i = 0; i < size; i++) {
      const at = row * rowStride + i * termStride;
      const group = grid.groupOf[at]!;
      own.add(group);
      units[i] = unitOf(grid, group, ranks[at]!);
      error[i] = units[i]! * scales[group]! - weight[at]!;
    }
    multiply(g, size, error, product);
    for (const group of own) {
      for (let i = 0; i < size; i++)
        part[i] = grid.groupOf[row * rowStride + i * termStride] === group ? units[i]! : 0;
      multiply(g, size, part, partProduct);
      let [first, second] = [0, 0];
      for (let i = 0; i < size; i++) {
        first += part[i]! * product[i]!;
        second += part[i]! * partProduct[i]!;
      }
      if (shared[group] === 1) {
        slope[group]! += first;
        curvature[group]! += second;
        continue;
      }
      const before = scales[group]!;
      scales[group] = improved(before, first, second);
      const step = scales[group]! - before;
      if (step !== 0) for (let i = 0; i < size; i++) product[i]! += step * partProduct[i]!;
    }
  }
  for (let group = 0; group < count; group++)
    if (shared[group] === 1) scales[group] = improved(scales[group]!, slope[group]!, curvature[group]!);
  return { grid: { ...grid, scales }, ranks };
}

function improved(scale: number, first: number, second: number): number {
  const best = scale - first / second;
  return second > 0 && best > 2 ** -126 && best < Number.POSITIVE_INFINITY ? best : scale;
}

/** 1 for groups with elements in several rows. */
function rowsOfGroups(
  groupOf: Int32Array,
  count: number,
  { rows, size, rowStride, termStride }: WeightMatrix,
): Uint8Array {
  const first = new Int32Array(count).fill(-1);
  const shared = new Uint8Array(count);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < size; i++) {
      const group = groupOf[row * rowStride + i * termStride]!;
      if (first[group] === -1) first[group] = row;
      else if (first[group] !== row) shared[group] = 1;
    }
  return shared;
}

export interface RefineOptions extends DescentOptions {
  /** Turns of rounding and of scales; ends when a turn gains less than a thousandth. Default 8. */
  readonly turns?: number;
}

/** Codes and scales in turn, until neither gets better. */
export function refine(
  rounded: Rounded,
  weight: Float32Array,
  matrix: WeightMatrix,
  gram: LayerGram,
  { turns = 8, ...options }: RefineOptions = {},
): Rounded {
  let best = descend(rounded, weight, matrix, gram, options);
  let error = outputError(weight, roundedValues(best), matrix, gram);
  for (let turn = 0; turn < turns; turn++) {
    const next = descend(searchScales(best, weight, matrix, gram), weight, matrix, gram, options);
    const found = outputError(weight, roundedValues(next), matrix, gram);
    if (found < error) best = next;
    if (!(found < 0.999 * error)) return best;
    error = found;
  }
  return best;
}
