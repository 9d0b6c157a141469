/** From a range to a scale, in double precision, with 0 for a range that holds nothing but zero. */
import { type DType, dtypes } from "../dtypes.ts";
import type { Range } from "../ranges/observer.ts";

/** Below the smallest normal float32 a scale loses its digits; a range that needs a smaller one counts as empty. */
const TINY = 2 ** -126;

/** Code of zero in a symmetric mapping: 0, or the middle of an unsigned format. */
export function middleCode(dtype: DType): number {
  const { kind, min, bits } = dtypes[dtype];
  return kind === "float" || min < 0 ? 0 : 2 ** (bits - 1);
}

export function affineStep({ min, max }: Range, dtype: DType, symmetric: boolean): number {
  const info = dtypes[dtype];
  const largest = Math.max(-min, max);
  const step = symmetric
    ? largest / (info.max - middleCode(dtype))
    : (Math.max(max, 0) - Math.min(min, 0)) / (info.max - info.min);
  return info.kind === "float" && info.bits > 8 ? Math.max(step, 1) : step < TINY ? 0 : step;
}

/** The scale that brings a range to [-1, 1]. */
export function unitStep({ min, max }: Range): number {
  const largest = Math.max(-min, max);
  return largest < TINY ? 0 : largest;
}
