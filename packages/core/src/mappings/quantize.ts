/** A tensor into codes, by a scheme. */
import { encodeArray } from "../arrays.ts";
import { type DType, dtypes } from "../dtypes.ts";
import { ArgumentError } from "../errors.ts";
import { checkElements, forEachRun, type Groups, groupsOf } from "../groups.ts";
import { extent, type Range } from "../ranges/observer.ts";
import type { Scheme } from "../scheme.ts";
import { allocateStorage, type Storage } from "../storage.ts";
import { affineZeroPoint } from "./affine.ts";
import { type AffineCode, quantizeAffine } from "./affine-arrays.ts";
import { checkScheme } from "./check.ts";
import { CHUNK, codeWriter, forEachChunk } from "./chunks.ts";
import { fitCodebook } from "./codebook.ts";
import { nearestIn, tableOf } from "./nearest.ts";
import type { Quantized } from "./quantized.ts";
import { loadScales, storeScales } from "./scales.ts";
import { affineStep, unitStep } from "./step.ts";

export interface QuantizeOptions {
  /** One range for each group, from an observer; default: the smallest and the largest value of each group. */
  readonly ranges?: readonly Range[];
}

/**
 * Quantizes a row-major tensor. Each value becomes the code with the nearest value (affine: as ONNX QuantizeLinear rounds);
 * what lies outside of its range saturates. With `ranges` given, infinities saturate and NaN becomes the code of zero, or
 * what the format has for it if it is a float; without, they are a NaNError or InfinityError with their index.
 *
 * Throws ArgumentError for a scheme or ranges that make no sense, ShapeError, AxisError or BlockError for a shape that does
 * not fit, ScaleError for a range so wide that no scale in float32 covers it.
 */
export function quantize(
  x: Float32Array,
  shape: readonly number[],
  scheme: Scheme,
  { ranges }: QuantizeOptions = {},
): Quantized {
  checkScheme(scheme);
  const groups = groupsOf(shape, scheme.granularity);
  checkElements(groups, x.length);
  if (ranges) checkRanges(ranges, groups.count);
  const rangeOf = ranges ? (group: number) => ranges[group]! : minMaxOf(x, groups);
  const { dtype, mapping } = scheme;
  const symmetric = mapping.kind !== "affine" || mapping.symmetric;

  const wanted = new Float64Array(groups.count);
  for (let i = 0; i < groups.count; i++) {
    wanted[i] = mapping.kind === "affine" ? affineStep(rangeOf(i), dtype, symmetric) : unitStep(rangeOf(i));
  }
  const stored = storeScales(wanted, scheme);
  const scales = loadScales(stored, scheme, groups.count);
  const common = { scheme, shape: [...shape], ...stored };

  if (mapping.kind === "affine" && dtypes[dtype].kind === "integer") {
    const integer = dtype as AffineCode;
    const codes = allocateStorage(integer, x.length);
    const zeroPoint = new Int32Array(groups.count);
    for (let i = 0; i < groups.count; i++) {
      zeroPoint[i] = affineZeroPoint(rangeOf(i), scales[i]!, dtype, symmetric);
    }
    quantizeAffine(x, codes, { dtype: integer, scale: scales, zeroPoint, groups });
    return { ...common, codes, ...(symmetric ? {} : { zeroPoints: encodeArray(dtype, zeroPoint) }) };
  }
  const codes = allocateStorage(dtype, x.length);
  if (mapping.kind === "affine") {
    quantizeToFloat(x, codes, groups, scales, dtype);
    return { ...common, codes };
  }
  const fitted = mapping.kind === "codebook" && mapping.table === "kmeans";
  const codebook = fitted ? fitCodebook(x, groups, scales, 2 ** dtypes[dtype].bits) : undefined;
  quantizeToTable(x, codes, groups, scales, dtype, tableOf(scheme, codebook)!);
  return { ...common, codes, ...(codebook && { codebook }) };
}

function quantizeToTable(
  x: Float32Array,
  out: Storage,
  groups: Groups,
  scales: Float32Array,
  dtype: DType,
  table: ArrayLike<number>,
): void {
  const nearest = nearestIn(table, dtype);
  const write = codeWriter(dtype, out);
  const codes = new Int32Array(CHUNK);
  forEachScaledChunk(x, groups, scales, (values, start) => {
    nearest(values, codes, values.length);
    write(codes, values.length, start);
  });
}

function quantizeToFloat(
  x: Float32Array,
  out: Storage,
  groups: Groups,
  scales: Float32Array,
  dtype: DType,
): void {
  const perByte = Math.max(1, 8 / dtypes[dtype].bits);
  forEachScaledChunk(x, groups, scales, (values, start) => {
    encodeArray(dtype, values, (out as Uint8Array).subarray(start / perByte));
  });
}

/** Visits x / scale in float32, a chunk at a time. */
function forEachScaledChunk(
  x: Float32Array,
  groups: Groups,
  scales: Float32Array,
  visit: (values: Float32Array, start: number) => void,
): void {
  const values = new Float32Array(CHUNK);
  const step = Number(groups.columnwise);
  forEachChunk(x.length, (start, end) => {
    forEachRun(groups, start, end, (at, length, group) => {
      for (let i = 0, g = group; i < length; i++, g += step) values[at - start + i] = x[at + i]! / scales[g]!;
    });
    visit(values.subarray(0, end - start), start);
  });
}

/** Smallest and largest value of each group. */
function minMaxOf(x: Float32Array, groups: Groups): (group: number) => Range {
  const mins = new Float32Array(groups.count).fill(Infinity);
  const maxs = new Float32Array(groups.count).fill(-Infinity);
  forEachRun(groups, 0, x.length, (at, length, group) => {
    const { min, max } = extent(x, 0, at, at + length);
    if (groups.columnwise) {
      for (let i = 0; i < length; i++) {
        mins[group + i] = Math.min(mins[group + i]!, x[at + i]!);
        maxs[group + i] = Math.max(maxs[group + i]!, x[at + i]!);
      }
    } else {
      mins[group] = Math.min(mins[group]!, min);
      maxs[group] = Math.max(maxs[group]!, max);
    }
  });
  return (group) => ({ min: mins[group]!, max: maxs[group]! });
}

function checkRanges(ranges: readonly Range[], count: number): void {
  if (ranges.length !== count)
    throw new ArgumentError(`there are ${ranges.length} ranges for ${count} groups`);
  ranges.forEach(({ min, max }, i) => {
    if (!(min <= max && max - min < Infinity)) {
      throw new ArgumentError(`range ${i} is [${min}, ${max}]; use finite numbers, min not above max`);
    }
  });
}
