/** The one rounding of the project: to nearest, ties to even (IEEE 754 roundTiesToEven, ONNX `Round`). */

/** 1.5 * 2^52: added to a smaller double it leaves no room for a fraction, so the addition itself rounds. */
const INTEGERS_ONLY = 6755399441055744;
const NO_FRACTION_ABOVE = 2 ** 51;

/** Nearest integer, ties to even. Keeps the sign of zero, NaN and infinities. */
export function roundHalfEven(x: number): number {
  if (!(Math.abs(x) < NO_FRACTION_ABOVE)) return x;
  const rounded = x + INTEGERS_ONLY - INTEGERS_ONLY;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}
