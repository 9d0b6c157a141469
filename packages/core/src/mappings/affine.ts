/**
 * The affine mapping, value = (code - zeroPoint) * scale: how a range becomes a scale and a zero point, as onnxruntime
 * does it. The range is first widened to contain zero, so that zero is a code exactly.
 */
import { type DType, dtypes } from "../dtypes.ts";
import type { Range } from "../ranges/observer.ts";
import { roundHalfEven } from "../rounding.ts";
import { affineStep, middleCode } from "./step.ts";

/**
 * The step between codes that covers the range, in double precision: (max - min) / (number of codes - 1), or, if
 * symmetric, max(-min, max) / largest code, which leaves the smallest code unused. 1 for a range that holds nothing
 * but zero. 16- and 32-bit floats keep the values they can hold: there the scale is 1 unless the range is larger.
 */
export function affineScale(range: Range, dtype: DType, symmetric: boolean): number {
  return affineStep(range, dtype, symmetric) || 1;
}

/**
 * The code of zero: the smallest code less min / scale (in float32), rounded half to even, saturated; if symmetric, 0, or the middle of
 * an unsigned format (128 for uint8, 8 for uint4). For a range that holds nothing but zero, the smallest code.
 */
export function affineZeroPoint({ min }: Range, scale: number, dtype: DType, symmetric: boolean): number {
  if (symmetric) return middleCode(dtype);
  const info = dtypes[dtype];
  const code = roundHalfEven(info.min - Math.fround(Math.min(min, 0) / scale));
  return Math.min(Math.max(code, info.min), info.max) + 0; // not -0
}
