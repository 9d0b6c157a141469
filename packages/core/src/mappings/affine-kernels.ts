/** The inner loops of the affine mapping: one run of elements, of one group or of consecutive groups. */

/** 1.5 * 2^52: added to a small enough number it leaves no room for a fraction, so the addition itself rounds. */
const INTEGERS_ONLY = 6755399441055744;

/**
 * `perScale` is 1 / scale in double precision. Rounded to float32, x times that is x / scale exactly as float32 division
 * has it. A midpoint of two float32s has 25 bits and scale has 24, so x / scale, if not 0, differs from every midpoint, by
 * at least 2^-49 of itself; the two roundings in between move it by less than 2^-51. (Quotients so small that float32 has
 * fewer bits for them become code 0 either way.) Saturating before rounding is the same as after it: the bounds are integers.
 */
export function quantizeRun(
  x: Float32Array,
  from: number,
  length: number,
  codes: Int32Array,
  to: number,
  perScale: number,
  zeroPoint: number,
  min: number,
  max: number,
): void {
  const low = min - zeroPoint;
  const high = max - zeroPoint;
  for (let i = 0; i < length; i++) {
    const steps = Math.min(Math.max(Math.fround(x[from + i]! * perScale), low), high);
    // NaN | 0 is 0.
    codes[to + i] = ((steps + INTEGERS_ONLY - INTEGERS_ONLY) | 0) + zeroPoint;
  }
}

/** The same where neighbours are of consecutive groups. */
export function quantizeColumns(
  x: Float32Array,
  from: number,
  length: number,
  codes: Int32Array,
  to: number,
  perScale: Float64Array,
  zeroPoints: Int32Array,
  group: number,
  min: number,
  max: number,
): void {
  for (let i = 0; i < length; i++) {
    const zeroPoint = zeroPoints[group + i]!;
    const quotient = Math.fround(x[from + i]! * perScale[group + i]!);
    const steps = Math.min(Math.max(quotient, min - zeroPoint), max - zeroPoint);
    codes[to + i] = ((steps + INTEGERS_ONLY - INTEGERS_ONLY) | 0) + zeroPoint;
  }
}

/** out = (value - zeroPoint) * scale for a run of one group or of consecutive ones. The product is exact until it is stored. */
export function dequantizeRun(
  values: Float32Array,
  from: number,
  length: number,
  out: Float32Array,
  to: number,
  scales: Float32Array,
  zeroPoints: Int32Array,
  group: number,
  columnwise: boolean,
): void {
  if (columnwise) {
    for (let i = 0; i < length; i++) {
      out[to + i] = (values[from + i]! - zeroPoints[group + i]!) * scales[group + i]!;
    }
    return;
  }
  const zeroPoint = zeroPoints[group]!;
  const scale = scales[group]!;
  for (let i = 0; i < length; i++) out[to + i] = (values[from + i]! - zeroPoint) * scale;
}
