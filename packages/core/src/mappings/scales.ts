/**
 * How scales are stored: as codes of their own format, on one level or on two. On the second, consecutive scales are
 * themselves quantized and share a float32 (QLoRA's double quantization; the tensor's scale of NVFP4).
 */
import { decodeArray, encodeArray } from "../arrays.ts";
import { dtypes } from "../dtypes.ts";
import { ScaleError, ShapeError } from "../errors.ts";
import type { ScaleFormat, Scheme } from "../scheme.ts";
import { checkStorage, type Storage } from "../storage.ts";

export interface StoredScales {
  /** One for each group, as codes of the scheme's scale format. */
  readonly scales: Storage;
  /** With two levels: what the decoded scales are multiplied by. */
  readonly superScales?: Float32Array;
}

/**
 * Stores scales, each as the nearest that the format has, but never as zero; 0 stands for a scale that does not matter, of
 * a group of nothing but zeros. Throws ScaleError, with the index, for one that float32 does not hold.
 */
export function storeScales(scales: Float64Array, scheme: Scheme): StoredScales {
  const { dtype, size } = formatOf(scheme, scales.length);
  const info = dtypes[dtype];
  const smallest = info.kind === "float" ? info.smallest : 1;
  const values = new Float32Array(scales);
  if (size === undefined) {
    const stored = checkScales(values.map((scale) => Math.max(scale || 1, smallest)));
    return { scales: encodeArray(dtype, stored) };
  }
  const superScales = new Float32Array(Math.ceil(values.length / size)).map(
    (_, i) => values.subarray(i * size, (i + 1) * size).reduce((a, b) => Math.max(a, b)) / info.max || 1,
  );
  const quotients = values.map((scale, i) => Math.max(scale / superScales[Math.floor(i / size)]!, smallest));
  return { scales: encodeArray(dtype, checkScales(quotients)), superScales: checkScales(superScales) };
}

/** The scales themselves, in float32. Throws ShapeError or ScaleError for what {@link storeScales} did not make. */
export function loadScales(
  { scales, superScales }: StoredScales,
  scheme: Scheme,
  count: number,
): Float32Array {
  const { dtype, size } = formatOf(scheme, count);
  checkStorage("scales", dtype, scales, count);
  const values = new Float32Array(count);
  decodeArray(dtype, scales, count, values);
  if (size !== undefined) {
    if (superScales?.length !== Math.ceil(count / size)) {
      throw new ShapeError(`${count} scales in groups of ${size} need as many super scales`, [
        superScales?.length ?? 0,
      ]);
    }
    for (let i = 0; i < count; i++) values[i]! *= superScales[Math.floor(i / size)]!;
  }
  return checkScales(values);
}

const float32: ScaleFormat = { dtype: "float32" };

/** Format of the scales, and how many share a super scale; undefined with one level. */
function formatOf(scheme: Scheme, count: number) {
  const { dtype, super: second } = scheme.scale ?? float32;
  return { dtype, size: second && (second.size ?? Math.max(count, 1)) };
}

/** Throws ScaleError unless all scales are positive and finite. */
export function checkScales(scales: Float32Array): Float32Array {
  for (let i = 0; i < scales.length; i++) {
    const scale = scales[i]!;
    if (!(scale > 0 && scale < Infinity)) throw new ScaleError(scale, i);
  }
  return scales;
}
