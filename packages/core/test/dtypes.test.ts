import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  type DType,
  dtypeFromOnnx,
  dtypeInfo,
  dtypeNames,
  dtypes,
  type FloatName,
  isDType,
} from "../src/index.ts";
import { floatFacts, integerFacts } from "./support/vectors.ts";

/** `TensorProto.DataType` in onnx.proto (ONNX 1.20 and later). */
const onnx: Record<DType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
  float8_e4m3fn: 17,
  float8_e4m3fnuz: 18,
  float8_e5m2: 19,
  float8_e5m2fnuz: 20,
  uint4: 21,
  int4: 22,
  float4_e2m1: 23,
  uint2: 25,
  int2: 26,
};

/**
 * Exponent bits, mantissa bits, bias: IEEE 754-2019 table 3.5; bfloat16 is the upper half of float32; OCP 8-bit Floating
 * Point Specification 1.0 table 1; fnuz: Noune et al. 2022 (arXiv 2206.02915), table 1; OCP Microscaling Formats 1.0 table 5.
 */
const layouts: Record<FloatName, [number, number, number]> = {
  float64: [11, 52, 1023],
  float32: [8, 23, 127],
  float16: [5, 10, 15],
  bfloat16: [8, 7, 127],
  float8_e4m3fn: [4, 3, 7],
  float8_e5m2: [5, 2, 15],
  float8_e4m3fnuz: [4, 3, 8],
  float8_e5m2fnuz: [5, 2, 16],
  float4_e2m1: [2, 1, 1],
};

/** C's DBL_DIG and FLT_DIG; for the others `std::numeric_limits<T>::digits10` of C++ and of ml_dtypes' headers. */
const digits: Partial<Record<DType, number>> = {
  float64: 15,
  float32: 6,
  float16: 3,
  bfloat16: 2,
  float8_e4m3fn: 0,
  float8_e5m2: 0,
  float8_e4m3fnuz: 0,
  float8_e5m2fnuz: 0,
  float4_e2m1: 0,
  int64: 18,
  uint64: 19,
  int32: 9,
  uint32: 9,
  int16: 4,
  uint16: 4,
  int8: 2,
  uint8: 2,
  int4: 0,
  uint4: 1,
  int2: 0,
  uint2: 0,
  bool: 0,
};

test("the table has ONNX's numbers, and a name for each", () => {
  expect(Object.fromEntries(dtypeNames.map((name) => [name, dtypes[name].onnx]))).toEqual(onnx);
  for (const name of dtypeNames) {
    expect(dtypes[name].name).toBe(name);
    expect(dtypeFromOnnx(onnx[name])).toBe(name);
    expect(dtypeInfo(name)).toBe(dtypes[name]);
    expect(isDType(name)).toBe(true);
  }
  expect(dtypeFromOnnx(8)).toBeUndefined();
});

test("digits that survive a round trip", () => {
  expect(Object.fromEntries(dtypeNames.map((name) => [name, dtypes[name].digits]))).toEqual(digits);
});

describe.each(Object.keys(layouts) as FloatName[])("%s", (name) => {
  const row = dtypes[name];
  const facts = floatFacts[name];

  test("has the layout of its standard", () => {
    expect([row.exponentBits, row.mantissaBits, row.bias]).toEqual(layouts[name]);
    expect(row.bits).toBe(facts.bits);
  });

  test("has the range that numpy and ml_dtypes state", () => {
    expect([row.max, row.min]).toEqual([facts.max, -facts.max]);
    expect(row.smallestNormal).toBe(facts.smallest_normal);
    expect(row.smallest).toBe(facts.smallest_subnormal);
    expect(row.epsilon).toBe(facts.eps);
  });
});

test.each(["float64", "float32", "float16", "bfloat16"] as const)(
  "%s has the digits that numpy states",
  (name) => {
    expect(dtypes[name].digits).toBe(floatFacts[name].precision);
  },
);

test.each(integerFacts)("%s has the range that numpy and ml_dtypes state", (name, facts) => {
  const row = dtypes[name];
  expect(row.bits).toBe(facts.bits);
  expect([row.min, row.max]).toEqual([Number(facts.min), Number(facts.max)]);
});

test("what is no dtype is told so", () => {
  for (const name of ["float12", "constructor", "", undefined, 3]) expect(isDType(name)).toBe(false);
  expect(() => dtypeInfo(JSON.parse('"float12"'))).toThrow(ArgumentError);
  expect(() => dtypeInfo(JSON.parse('"float12"'))).toThrow(/"float12" is not a dtype; use one of float64, /);
});
