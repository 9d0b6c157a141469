/**
 * Whole arrays of float codes, without a branch that depends on the data. Both encoders look at the bits of a float32:
 * 16-bit formats shift the mantissa by an amount looked up by sign and exponent; formats of at most 8 bits look up the
 * code itself. What those shortcuts cannot say (NaN, overflow) is left to `encodeFloat`, and so are the tables.
 */
import type { FloatType } from "./dtypes.ts";
import { decodeFloat, encodeFloat, largestCode } from "./float-codes.ts";

const tables = /* @__PURE__ */ new Map<string, Float32Array | Int32Array | Uint8Array>();

/** The table of that name, built when first needed. */
function table<T extends Float32Array | Int32Array | Uint8Array>(name: string, build: () => T): T {
  const known = tables.get(name) as T | undefined;
  if (known) return known;
  const built = build();
  tables.set(name, built);
  return built;
}

/**
 * Float32s that round to a narrower format as the doubles do: cut off, the last bit set if anything was lost (rounding to
 * odd). Two bits more than the narrower format are enough (Boldo and Melquiond 2008, "Emulation of FMA and
 * correctly rounded sums: proved algorithms using rounding to odd").
 */
export function roundToOdd(doubles: Float64Array, floats: Float32Array): void {
  floats.set(doubles);
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < doubles.length; i++) {
    // The store rounded to nearest. An odd result is one of the two neighbours already; an even one moves to the odd one.
    const lost = Math.abs(doubles[i]!) - Math.abs(floats[i]!);
    const u = bits[i]!;
    bits[i] = u + (~u & 1) * (Number(lost > 0) - Number(lost < 0));
  }
}

/**
 * For each sign and exponent of a float32: how far its mantissa shifts right (5 bits), and above it what is to be added
 * to make it a code. Past the largest exponent everything shifts out and the code is that of infinity.
 */
function shifts(format: FloatType): Int32Array {
  const { bits, mantissaBits, bias } = format;
  return table(`${format.name} shifts`, () => {
    const overflow = largestCode(format) + 1;
    return Int32Array.from({ length: 512 }, (_, i) => {
      const exponent = (i & 255) - 127 + bias;
      // With float32's own bias, exponent 0 has no implicit bit and needs no shift: the offset takes the bit back.
      const subnormal = bias === 127 ? 0 : Math.max(0, 1 - exponent);
      const offset = (exponent - 1 + subnormal) << mantissaBits;
      const shift = Math.min(23 - mantissaBits + subnormal, 25);
      const sign = (i >> 8) << (bits - 1);
      return offset + (1 << mantissaBits) < overflow
        ? ((sign + offset) << 5) | shift
        : ((sign + overflow) << 5) | 25;
    });
  });
}

/** Codes of a 16-bit format, for `values.length` values. */
export function encode16(format: FloatType, saturate: boolean, values: Float32Array, out: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const byExponent = shifts(format);
  const largest = largestCode(format);
  const untilSign = 0x7fff - largest;
  let seen = 0;
  for (let i = 0; i < bits.length; i++) {
    const u = bits[i]!;
    const entry = byExponent[u >>> 23]!;
    const mantissa = (u & 0x7fffff) | 0x800000;
    // Shift counts use the low 5 bits alone. Half a step less one, and one more if the code would be odd: ties to even.
    const half = (0xfffffff >> (29 - entry)) + ((mantissa >> entry) & 1);
    const code = (entry >> 5) + ((mantissa + half) >> entry);
    out[i] = code;
    seen |= (code & 0x7fff) + untilSign;
  }
  if (!(seen & 0x8000)) return;
  for (let i = 0; i < bits.length; i++) {
    if ((out[i]! & 0x7fff) > largest) out[i] = encodeFloat(format, values[i]!, saturate);
  }
}

/**
 * Codes of a format of at most 8 bits. A float32 cut to its top 14 bits, the last one set if anything was cut off, keeps
 * two bits more than the format has: it rounds like the whole (`roundToOdd`).
 */
export function encode8(format: FloatType, saturate: boolean, values: Float32Array, out: Uint8Array): void {
  const codes = table(`${format.name} codes ${saturate}`, () => {
    const tops = Uint32Array.from({ length: 1 << 14 }, (_, top) => top << 18);
    return Uint8Array.from(new Float32Array(tops.buffer), (x) => encodeFloat(format, x, saturate));
  });
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const u = bits[i]!;
    out[i] = codes[(u >>> 18) | (((u & 0x3ffff) + 0x3ffff) >>> 18)]!;
  }
}

/** Values of `codes.length` codes of up to 16 bits. */
export function decodeFloats(
  format: FloatType,
  codes: Uint8Array | Uint16Array,
  out: Float32Array | Float64Array,
): void {
  const values = table(`${format.name} values`, () =>
    Float32Array.from({ length: 2 ** format.bits }, (_, code) => decodeFloat(format, code)),
  );
  for (let i = 0; i < codes.length; i++) out[i] = values[codes[i]!]!;
}
