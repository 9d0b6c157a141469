/** A quantized tensor: plain data, typed arrays and the scheme that says what they mean. */
import { decodeArray } from "../arrays.ts";
import { ArgumentError } from "../errors.ts";
import { groupsOf } from "../groups.ts";
import type { Scheme } from "../scheme.ts";
import type { Storage } from "../storage.ts";
import { loadScales, type StoredScales } from "./scales.ts";
import { middleCode } from "./step.ts";

/** Scales and zero points are one for each group, in the order of {@link groupsOf} the shape and the granularity. */
export interface Quantized extends StoredScales {
  readonly scheme: Scheme;
  readonly shape: readonly number[];
  /** In the format of the scheme, packed below 8 bits. */
  readonly codes: Storage;
  /** Of asymmetric mappings, stored like the codes. */
  readonly zeroPoints?: Storage;
  /** Of k-means: the value of each code before it is scaled. */
  readonly codebook?: Float32Array;
}

/** The scales in float32, decoded, one for each group. Throws ShapeError or ScaleError. */
export function scalesOf(quantized: Quantized): Float32Array {
  const { scheme, shape } = quantized;
  return loadScales(quantized, scheme, groupsOf(shape, scheme.granularity).count);
}

/** The code of zero for each group, whether stored or implied by symmetry; 0 for mappings other than affine. */
export function zeroPointsOf({ scheme, shape, zeroPoints }: Quantized): Int32Array {
  const { dtype, mapping, granularity } = scheme;
  const { count } = groupsOf(shape, granularity);
  const implied = mapping.kind !== "affine" ? 0 : mapping.symmetric ? middleCode(dtype) : undefined;
  if (implied !== undefined) return new Int32Array(count).fill(implied);
  if (!zeroPoints) throw new ArgumentError("an asymmetric mapping has zero points, this tensor has none");
  return new Int32Array(decodeArray(dtype, zeroPoints, count));
}

/** Bytes of everything stored: codes, scales of both levels, zero points and codebook. */
export function storedBytes({ codes, scales, superScales, zeroPoints, codebook }: Quantized): number {
  return [codes, scales, superScales, zeroPoints, codebook].reduce(
    (sum, array) => sum + (array?.byteLength ?? 0),
    0,
  );
}
