/** The arithmetic of codes (docs/numerics.md, "Kernels"). Integer results of every backend equal these bit for bit. */
import { roundHalfEven } from "@bitbudget/core";
import type { UnaryFunction } from "./ops/unary.ts";

/** Smallest and largest code: a row of the dtype table has both. */
export interface CodeRange {
  readonly min: number;
  readonly max: number;
}

/** sat(round(steps) + zeroPoint), `steps` being a quotient or product in float32. NaN is the zero point: it stands for 0. */
export function toCode(steps: number, zeroPoint: number, { min, max }: CodeRange): number {
  if (Number.isNaN(steps)) return zeroPoint;
  const code = roundHalfEven(steps) + zeroPoint;
  return code < min ? min : code > max ? max : code;
}

/** A number as a code (ONNX QuantizeLinear): the quotient is rounded to float32, then to an integer. */
export function quantizeNumber(x: number, scale: number, zeroPoint: number, range: CodeRange): number {
  return toCode(Math.fround(x / scale), zeroPoint, range);
}

/** A sum of codes as a code of another scale (ONNX QLinearMatMul). `multiplier` is a float32. */
export function requantizeSum(sum: number, multiplier: number, zeroPoint: number, range: CodeRange): number {
  return toCode(Math.fround(Math.fround(sum) * multiplier), zeroPoint, range);
}

/** What a sum of products is multiplied with to become codes: fround(fround(a * b) / output), all of them scales. */
export function multiplier(a: number, b: number, output: number): number {
  return Math.fround(Math.fround(a * b) / output);
}

/** Codes between which an activation keeps an 8-bit output. `code` quantizes a number as the output does. */
export function clampCodes(activation: UnaryFunction | undefined, code: (x: number) => number): CodeRange {
  const infinity = Number.POSITIVE_INFINITY;
  switch (activation?.fn) {
    case "relu":
      return { min: code(0), max: code(infinity) };
    case "clip":
      return { min: code(activation.min ?? -infinity), max: code(activation.max ?? infinity) };
    default:
      return { min: code(-infinity), max: code(infinity) };
  }
}
