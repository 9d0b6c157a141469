/**
 * The dtype table: one row per number format, measured in bits.
 *
 * Names and numbers are those of ONNX `TensorProto.DataType`. Everything else about a format (its range, its
 * rounding, how its codes pack) follows from its row; the one other list of formats is that of the array types that
 * hold them (`StorageOf`).
 */
import { ArgumentError } from "./errors.ts";

/** Formats with a sign, an exponent and a mantissa. */
export type FloatName =
  | "float64"
  | "float32"
  | "float16"
  | "bfloat16"
  | "float8_e4m3fn"
  | "float8_e5m2"
  | "float8_e4m3fnuz"
  | "float8_e5m2fnuz"
  | "float4_e2m1";

/** Two's complement and unsigned integers. The 32- and 64-bit ones carry accumulators, biases and indices. */
export type IntegerName =
  | "int64"
  | "uint64"
  | "int32"
  | "uint32"
  | "int16"
  | "uint16"
  | "int8"
  | "uint8"
  | "int4"
  | "uint4"
  | "int2"
  | "uint2";

/** Name of a number format; `bool` is stored as one byte, 0 or 1. */
export type DType = FloatName | IntegerName | "bool";

interface Row {
  readonly name: DType;
  /** Bits of one code. */
  readonly bits: number;
  /** Number in ONNX `TensorProto.DataType`. */
  readonly onnx: number;
  /** Smallest and largest finite value. For 64-bit integers: the nearest double. */
  readonly min: number;
  readonly max: number;
  /**
   * Decimal digits that survive a round trip through the format: C's FLT_DIG and C++'s `digits10`. For 16 bits and more
   * also numpy's `finfo.precision`.
   */
  readonly digits: number;
}

/**
 * A floating-point format: value = (-1)^sign * 1.mantissa * 2^(exponent - bias), with subnormals and signed zeros.
 *
 * What becomes of a number that has no code (IEEE 754; for 8 bits and fewer ONNX `Cast`, whose default saturates):
 *
 * |               | too large | too large, `saturate: false` | infinity       | infinity, `saturate: false` | NaN     |
 * | ------------- | --------- | ---------------------------- | -------------- | --------------------------- | ------- |
 * | float64       |           |                              | infinity       | infinity                    | NaN     |
 * | float32       | largest   | infinity                     | infinity       | infinity                    | NaN     |
 * | float16       | largest   | infinity                     | infinity       | infinity                    | NaN     |
 * | bfloat16      | largest   | infinity                     | infinity       | infinity                    | NaN     |
 * | float8_e5m2   | largest   | infinity                     | largest        | infinity                    | NaN     |
 * | float8_e4m3fn | largest   | NaN                          | largest        | NaN                         | NaN     |
 * | float8_..fnuz | largest   | NaN                          | largest        | NaN                         | NaN     |
 * | float4_e2m1   | largest   | largest                      | largest        | largest                     | -0      |
 *
 * "Too large" is what lies beyond `max` after rounding; "largest" and infinities keep the sign of the number. There is
 * one NaN, quiet, positive and without payload. -0 for NaN in float4_e2m1 is what ml_dtypes, and with it ONNX's
 * reference implementation, makes of it.
 */
export interface FloatType extends Row {
  readonly kind: "float";
  readonly name: FloatName;
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** Whether the format has codes for infinity and for NaN. No format has the former alone. */
  readonly hasInfinity: boolean;
  readonly hasNaN: boolean;
  /** Whether there is one zero, and the code of -0 is NaN: the formats called fnuz. */
  readonly unsignedZero: boolean;
  /** Smallest positive normal and subnormal value. */
  readonly smallestNormal: number;
  readonly smallest: number;
  /** Distance from 1 to the next larger value. */
  readonly epsilon: number;
}

/**
 * An integer format, or `bool`. Integers round to nearest, ties to even, then saturate at `min` and `max`, infinities too;
 * NaN becomes 0 (as in WebAssembly's `trunc_sat`). `bool` is 0 for zeros and 1 for all else, NaN included (ONNX `Cast`).
 */
export interface IntegerType extends Row {
  readonly kind: "integer" | "bool";
  readonly name: IntegerName | "bool";
  readonly signed: boolean;
}

export type DTypeInfo = FloatType | IntegerType;

function float(
  name: FloatName,
  onnx: number,
  exponentBits: number,
  mantissaBits: number,
  specials: { hasInfinity: boolean; hasNaN: boolean; unsignedZero?: boolean },
): FloatType {
  const { hasInfinity, hasNaN, unsignedZero = false } = specials;
  // What the sign of zero does not need goes to the range: fnuz formats have one exponent more below.
  const bias = 2 ** (exponentBits - 1) - (unsignedZero ? 0 : 1);
  // With infinities the top exponent is reserved; with NaN alone only its all-ones mantissa is (OCP FP8, E4M3).
  const topExponent = 2 ** exponentBits - 1 - bias - (hasInfinity ? 1 : 0);
  const nanOnTop = hasNaN && !hasInfinity && !unsignedZero;
  const topFraction = 2 - 2 ** -mantissaBits * (nanOnTop ? 2 : 1);
  const max = topFraction * 2 ** topExponent;
  return {
    kind: "float",
    name,
    onnx,
    bits: 1 + exponentBits + mantissaBits,
    exponentBits,
    mantissaBits,
    bias,
    hasInfinity,
    hasNaN,
    unsignedZero,
    min: -max,
    max,
    smallestNormal: 2 ** (1 - bias),
    smallest: 2 ** (1 - bias - mantissaBits),
    epsilon: 2 ** -mantissaBits,
    digits: Math.floor(mantissaBits * Math.LOG10E * Math.LN2),
  };
}

function integer(name: IntegerName, onnx: number, bits: number): IntegerType {
  const signed = !name.startsWith("u");
  const max = 2 ** (signed ? bits - 1 : bits) - 1;
  const min = signed ? -(2 ** (bits - 1)) : 0;
  return { kind: "integer", name, onnx, bits, signed, min, max, digits: Math.floor(Math.log10(max + 1)) };
}

const ieee = { hasInfinity: true, hasNaN: true };
const fnuz = { hasInfinity: false, hasNaN: true, unsignedZero: true };

/** Every format, by name. */
export const dtypes: { readonly [D in FloatName]: FloatType } & {
  readonly [D in IntegerName | "bool"]: IntegerType;
} = {
  float64: /* @__PURE__ */ float("float64", 11, 11, 52, ieee),
  float32: /* @__PURE__ */ float("float32", 1, 8, 23, ieee),
  float16: /* @__PURE__ */ float("float16", 10, 5, 10, ieee),
  bfloat16: /* @__PURE__ */ float("bfloat16", 16, 8, 7, ieee),
  float8_e4m3fn: /* @__PURE__ */ float("float8_e4m3fn", 17, 4, 3, { hasInfinity: false, hasNaN: true }),
  float8_e5m2: /* @__PURE__ */ float("float8_e5m2", 19, 5, 2, ieee),
  float8_e4m3fnuz: /* @__PURE__ */ float("float8_e4m3fnuz", 18, 4, 3, fnuz),
  float8_e5m2fnuz: /* @__PURE__ */ float("float8_e5m2fnuz", 20, 5, 2, fnuz),
  float4_e2m1: /* @__PURE__ */ float("float4_e2m1", 23, 2, 1, { hasInfinity: false, hasNaN: false }),
  int64: /* @__PURE__ */ integer("int64", 7, 64),
  uint64: /* @__PURE__ */ integer("uint64", 13, 64),
  int32: /* @__PURE__ */ integer("int32", 6, 32),
  uint32: /* @__PURE__ */ integer("uint32", 12, 32),
  int16: /* @__PURE__ */ integer("int16", 5, 16),
  uint16: /* @__PURE__ */ integer("uint16", 4, 16),
  int8: /* @__PURE__ */ integer("int8", 3, 8),
  uint8: /* @__PURE__ */ integer("uint8", 2, 8),
  int4: /* @__PURE__ */ integer("int4", 22, 4),
  uint4: /* @__PURE__ */ integer("uint4", 21, 4),
  int2: /* @__PURE__ */ integer("int2", 26, 2),
  uint2: /* @__PURE__ */ integer("uint2", 25, 2),
  bool: { kind: "bool", name: "bool", onnx: 9, bits: 8, signed: false, min: 0, max: 1, digits: 0 },
};

/** All names, widest first within each family. */
export const dtypeNames = /* @__PURE__ */ Object.keys(dtypes) as readonly DType[];

/** Row of a format. Throws ArgumentError where types were not checked and the name is unknown. */
export function dtypeInfo(name: DType): DTypeInfo {
  if (isDType(name)) return dtypes[name];
  throw new ArgumentError(`"${name}" is not a dtype; use one of ${dtypeNames.join(", ")}`);
}

export function isDType(name: unknown): name is DType {
  return typeof name === "string" && Object.hasOwn(dtypes, name);
}

/** Format with the given number in ONNX `TensorProto.DataType`, if the table has it. */
export function dtypeFromOnnx(number: number): DType | undefined {
  return dtypeNames.find((name) => dtypes[name].onnx === number);
}
