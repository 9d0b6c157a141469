/** The codes of any float format of up to 16 bits, from its row: exact, one number at a time. */
import type { FloatType } from "./dtypes.ts";
import { roundHalfEven } from "./rounding.ts";

const view = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** Code of the largest finite value. The next code is infinity or, without infinity, NaN. */
export function largestCode({ bits, mantissaBits, hasInfinity, hasNaN, unsignedZero }: FloatType): number {
  return 2 ** (bits - 1) - 1 - (hasInfinity ? 2 ** mantissaBits : hasNaN && !unsignedZero ? 1 : 0);
}

/**
 * Code of the nearest value, ties to even: one rounding, straight from the double. What happens to NaN, infinities and
 * numbers that are too large stands at `FloatType`.
 */
export function encodeFloat(format: FloatType, x: number, saturate: boolean): number {
  const { bits, mantissaBits, bias, hasInfinity, hasNaN, unsignedZero } = format;
  const signBit = 2 ** (bits - 1);
  const largest = largestCode(format);
  if (Number.isNaN(x)) return hasNaN ? largest + 1 + (hasInfinity ? 2 ** (mantissaBits - 1) : 0) : signBit;
  // The code of -0 is taken by NaN, and what is too large in either direction is that NaN, too.
  const signed = (magnitude: number) =>
    unsignedZero && (magnitude === 0 || magnitude > largest) ? magnitude : sign + magnitude;
  view.setFloat64(0, x);
  const top = view.getUint16(0);
  const sign = top >> 15 ? signBit : 0;
  const overflow = largest + (hasNaN && !saturate ? 1 : 0);
  if (!Number.isFinite(x)) return signed(hasInfinity && bits > 8 ? largest + 1 : overflow);

  // Subnormals have the exponent of the smallest normal. In steps of the last mantissa bit the number is from 2^M up
  // (below it if subnormal) to 2^(M+1), where the sum carries into the next exponent by itself.
  const exponent = Math.max(((top >> 4) & 0x7ff) - 1023, 1 - bias);
  const steps = roundHalfEven(Math.abs(x) * 2 ** (mantissaBits - exponent));
  const code = (exponent - 1 + bias) * 2 ** mantissaBits + steps;
  return signed(code > largest ? overflow : code);
}

/** Value of a code. */
export function decodeFloat(format: FloatType, code: number): number {
  const { bits, mantissaBits, hasInfinity, smallest, unsignedZero } = format;
  const signBit = 2 ** (bits - 1);
  if (unsignedZero && code === signBit) return Number.NaN;
  const sign = code < signBit ? 1 : -1;
  const magnitude = code % signBit;
  const largest = largestCode(format);
  if (magnitude > largest) return hasInfinity && magnitude === largest + 1 ? sign * Infinity : Number.NaN;

  const implicit = 2 ** mantissaBits;
  const exponent = Math.floor(magnitude / implicit);
  const fraction = magnitude % implicit;
  return sign * smallest * (exponent === 0 ? fraction : (implicit + fraction) * 2 ** (exponent - 1));
}
