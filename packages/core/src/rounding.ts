/** The one rounding of the project: to nearest, ties to even (IEEE 754 roundTiesToEven, ONNX `Round`). */

/** Doubles from here on are 1 apart or more: adding it leaves no room for a fraction, so the addition itself rounds. */
const INTEGERS_FROM = 2 ** 52;

/** Nearest integer, ties to even. Keeps the sign of zero, NaN and infinities. */
export function roundHalfEven(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude < INTEGERS_FROM) || x === 0) return x;
  const rounded = magnitude + INTEGERS_FROM - INTEGERS_FROM;
  return x < 0 ? -rounded : rounded;
}
