/**
 * Which numbers the weights of each group may become. They are sorted, and a rounded weight is named by the rank of its
 * number, from the smallest: so affine mappings, codebooks, powers of two and narrow floats are rounded by the same
 * methods, which only ever ask for the nearest number, or for its neighbours.
 */
import { encodeArray, type Groups, type Quantized, type Scheme } from "@bitbudget/core";

export interface Grid {
  readonly scheme: Scheme;
  readonly shape: readonly number[];
  readonly groups: Groups;
  /** Group of each element. */
  readonly groupOf: Int32Array;
  /** One for each group. */
  readonly scales: Float32Array;
  /** Of affine mappings to integers: the number of rank r is (r + low - zero point) * scale. Else zeros. */
  readonly zeroPoints: Int32Array;
  /** Numbers in each group, and the code of rank 0. */
  readonly count: number;
  readonly low: number;
  /** Of all other mappings: the number of rank r is table[r] * scale. */
  readonly table: Table | undefined;
}

/** Numbers in ascending order. */
export interface Table {
  readonly values: Float32Array;
  /** What each is stored as: a code, or, of floats, the number itself. */
  readonly codes: Float64Array;
  /** Up to where a number is nearest to the one before, as in core's search. */
  readonly between: Float64Array;
  /** Of k-means: by code, with what the format has beyond. */
  readonly codebook: Float32Array | undefined;
}

/** Rank of the number of a group that is nearest to x, as core rounds: ties of affine mappings to even codes. */
export function nearestRank(grid: Grid, group: number, x: number): number {
  const { table, count } = grid;
  const quotient = Math.fround(x / grid.scales[group]!);
  if (table === undefined) {
    const zero = grid.zeroPoints[group]! - grid.low;
    const steps = Math.min(Math.max(quotient, -zero), count - 1 - zero);
    return ((steps + INTEGERS_ONLY - INTEGERS_ONLY) | 0) + zero;
  }
  const { between } = table;
  const value = Number.isNaN(quotient) ? 0 : quotient;
  let low = 0;
  let high = between.length;
  while (low < high) {
    const at = (low + high) >> 1;
    if (value > between[at]!) low = at + 1;
    else high = at;
  }
  return low;
}

/** The number of a rank in units of its scale. */
export function unitOf(grid: Grid, group: number, rank: number): number {
  return grid.table === undefined ? rank + grid.low - grid.zeroPoints[group]! : grid.table.values[rank]!;
}

/** The number of a rank, in float32, as `dequantize` has it. */
export function numberOf(grid: Grid, group: number, rank: number): number {
  return Math.fround(unitOf(grid, group, rank) * grid.scales[group]!);
}

/** A weight that has been rounded: the rank of each element's number. */
export interface Rounded {
  readonly grid: Grid;
  readonly ranks: Uint16Array;
}

/** What is stored of a rounded weight; core's `dequantize` gives its numbers. */
export function codedWeight({ grid, ranks }: Rounded): Quantized {
  const { scheme, shape, scales, zeroPoints, table, low } = grid;
  const { dtype, mapping } = scheme;
  const codes = Float64Array.from(ranks, (rank) => (table === undefined ? rank + low : table.codes[rank]!));
  const isStored = mapping.kind === "affine" && !mapping.symmetric;
  return {
    ...{ scheme, shape, codes: encodeArray(dtype, codes), scales: scales.slice() },
    ...(isStored && { zeroPoints: encodeArray(dtype, zeroPoints) }),
    ...(table?.codebook && { codebook: table.codebook }),
  };
}

/** The numbers of a rounded weight. */
export function roundedValues({ grid, ranks }: Rounded): Float32Array {
  return Float32Array.from(ranks, (rank, i) => numberOf(grid, grid.groupOf[i]!, rank));
}

/** 1.5 * 2^52: added to a small enough number it leaves no room for a fraction, so the addition itself rounds. */
const INTEGERS_ONLY = 6755399441055744;
