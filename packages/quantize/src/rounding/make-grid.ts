/** Lays a grid over a weight: which codes a scheme has, with which scales. */
import {
  affineZeroPoint,
  checkElements,
  checkScheme,
  type DType,
  decode,
  decodeArray,
  dtypes,
  fitCodebook,
  forEachRun,
  type Groups,
  groupsOf,
  log2Table,
  nf4,
  type Quantized,
  type Scheme,
  scalesOf,
  zeroPointsOf,
} from "@bitbudget/core";
import { QuantizeError } from "../errors.ts";
import type { Grid, Rounded, Table } from "./grid.ts";
import { fitRanges, type RangeOptions } from "./ranges.ts";

export interface GridOptions extends RangeOptions {
  /** Bits that are used, where the format has more. */
  readonly bits?: number | undefined;
}

/**
 * The numbers that `weight` is to be rounded to.
 * @throws QuantizeError for bits that the format or the mapping cannot have; core's errors for a scheme or shape that is none
 */
export function gridOf(
  weight: Float32Array,
  shape: readonly number[],
  scheme: Scheme,
  options: GridOptions = {},
): Grid {
  checkScheme(scheme);
  if (scheme.scale !== undefined)
    throw new QuantizeError("weights are rounded with float32 scales; leave `scale` out of the scheme");
  const groups = groupsOf(shape, scheme.granularity);
  checkElements(groups, weight.length);
  const { low, high } = codeRange(scheme, options.bits);
  const groupOf = groupIndex(groups);
  const { dtype, mapping } = scheme;
  const isAffine = mapping.kind === "affine" && dtypes[dtype].kind === "integer";
  const empty = {
    ...{ scheme, shape: [...shape], groups, groupOf },
    scales: new Float32Array(groups.count).fill(1),
    zeroPoints: new Int32Array(groups.count).fill(isAffine ? middle(dtype) : 0),
  };
  if (mapping.kind === "codebook" && mapping.table === "kmeans") {
    const unit = { ...empty, low, count: 2, table: tableOf(Float32Array.of(-1, 1), [0, 1]) };
    fitRanges(unit, weight, { range: "min-max" });
    const table = kmeansTable(fitCodebook(weight, groups, unit.scales, high - low + 1), dtype);
    return { ...unit, count: table.values.length, table };
  }
  const table = fixedTable(scheme, low, high);
  const grid = { ...empty, low, count: table?.values.length ?? high - low + 1, table };
  // 16-bit floats hold weights as they are.
  if (dtypes[dtype].kind === "integer" || dtypes[dtype].bits <= 8) fitRanges(grid, weight, options);
  return grid;
}

/**
 * A weight that was rounded before.
 * @param bits that were used, if fewer than the format has
 */
export function roundedOf(quantized: Quantized, bits?: number): Rounded {
  const { scheme, shape, codes, codebook } = quantized;
  const { dtype, mapping } = scheme;
  const groups = groupsOf(shape, scheme.granularity);
  const { low, high } = codeRange(scheme, bits);
  const isFitted = mapping.kind === "codebook" && mapping.table === "kmeans";
  const count = high - low + 1;
  const table = isFitted
    ? kmeansTable((codebook ?? new Float32Array(count)).slice(0, count), dtype)
    : fixedTable(scheme, low, high);
  const grid = {
    ...{ scheme, shape, groups, groupOf: groupIndex(groups), low, table },
    ...{
      scales: scalesOf(quantized),
      zeroPoints: zeroPointsOf(quantized),
      count: table?.values.length ?? count,
    },
  };
  const stored = decodeArray(dtype, codes, groups.elements);
  if (table === undefined) return { grid, ranks: Uint16Array.from(stored, (code) => code - low) };
  const rankOf = new Map(Array.from(table.codes, (code, rank) => [code, rank]));
  return { grid, ranks: Uint16Array.from(stored, (code) => rankOf.get(code + 0) ?? 0) };
}

/** The numbers of mappings that are the same for every weight; undefined for integers of an affine mapping. */
function fixedTable({ dtype, mapping }: Scheme, low: number, high: number): Table | undefined {
  if (mapping.kind === "affine") return dtypes[dtype].kind === "integer" ? undefined : floatTable(dtype);
  const stored = mapping.kind === "log2" ? log2Table(dtype) : nf4;
  const codes = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  return tableOf(
    Float32Array.from(codes, (code) => stored[code < 0 ? code + stored.length : code]!),
    codes,
  );
}

function kmeansTable(fitted: Float32Array, dtype: DType): Table {
  const codebook = new Float32Array(2 ** dtypes[dtype].bits).fill(fitted.at(-1) ?? 0);
  codebook.set(fitted);
  return tableOf(
    fitted,
    Array.from(fitted, (_, code) => code),
    codebook,
  );
}

/** Code of zero in a symmetric mapping. */
function middle(dtype: DType): number {
  return affineZeroPoint({ min: 0, max: 0 }, 1, dtype, true);
}

/** First and last code, of as many as the bits allow, around what stands for zero. */
function codeRange({ dtype, mapping }: Scheme, used: number | undefined): { low: number; high: number } {
  const { kind, bits, min, max } = dtypes[dtype];
  if (used === undefined || used === bits)
    return kind === "float" ? { low: 0, high: 0 } : { low: min, high: max };
  const fixed = kind === "float" || (mapping.kind === "codebook" && mapping.table === "nf4");
  if (!(Number.isInteger(used) && used >= 2 && used < bits) || fixed)
    throw new QuantizeError(
      `${used} bits do not fit ${dtype} with the mapping ${JSON.stringify(mapping)}; leave \`bits\` out` +
        (fixed ? "" : ` or use 2 to ${bits}`),
    );
  const half = 2 ** (used - 1);
  const isCentered = mapping.kind === "affine" && mapping.symmetric;
  const centre = min < 0 ? 0 : isCentered ? middle(dtype) : half;
  return { low: centre - half, high: centre + half - 1 };
}

/** Finite numbers of a format, with one zero. */
function floatTable(dtype: DType): Table {
  const { bits } = dtypes[dtype];
  const all = Array.from({ length: 2 ** bits }, (_, code) => decode(dtype, code));
  const values = [...new Set(all.filter(Number.isFinite).map((x) => x + 0))].sort((a, b) => a - b);
  return tableOf(Float32Array.from(values), values);
}

function tableOf(values: Float32Array, codes: ArrayLike<number>, codebook?: Float32Array): Table {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const sorted = Float32Array.from(order, (i) => values[i]!);
  return {
    values: sorted,
    codes: Float64Array.from(order, (i) => codes[i]!),
    between: Float64Array.from({ length: Math.max(0, sorted.length - 1) }, (_, i) => {
      const between = (sorted[i]! + sorted[i + 1]!) / 2;
      // A number in the middle goes to the one nearer to zero: below zero that is the upper one.
      return between < 0 ? between * (1 + 2 ** -40) : between;
    }),
    codebook,
  };
}

function groupIndex(groups: Groups): Int32Array {
  const index = new Int32Array(groups.elements);
  forEachRun(groups, 0, groups.elements, (at, length, group) => {
    if (groups.columnwise) for (let i = 0; i < length; i++) index[at + i] = group + i;
    else index.fill(group, at, at + length);
  });
  return index;
}
