/** Cases of quantize: every pair of formats, every granularity, ties, zero scales, NaN. */
import { type DType, dtypes } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { codes, geometries, hasZeroPoint, zeroPoints } from "./granularities.ts";
import { floats, shaped, values } from "./helpers.ts";
import { spread } from "./pairwise.ts";

const scalar = { kind: "tensor" } as const;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** Numbers that reach a little beyond the range, with scales of a 1/64 of it at least. */
function quantizeData(dtype: DType): CaseData {
  const { min, max, kind } = dtypes[dtype];
  const reach = kind === "float" ? max : (max - min) / 2;
  return {
    inputs: [{ min: -1.2, max: 1.2 }],
    weights: { scale: { min: 0.8 / reach, max: 1.6 / reach }, zeroPoint: zeroPoints(dtype) },
  };
}

function quantized(
  name: string,
  from: DType,
  dtype: DType,
  x: readonly number[],
  scale: number,
  zeroPoint: number,
  expected: readonly number[],
) {
  const attributes = { dtype, granularity: scalar, zeroPoint: dtypes[dtype].kind === "integer" } as const;
  return defineCase(
    `quantize/${name}`,
    { op: "quantize", inputs: [shaped(from, x.length)], attributes },
    {
      inputs: [values(...x)],
      weights: { scale: values(scale), zeroPoint: values(zeroPoint) },
      expected: [expected],
    },
  );
}

export const quantize: readonly Case[] = [
  ...spread(
    floats.flatMap((from) => codes.map((to) => ({ from, to }))),
    { from: floats, to: codes, geometry: geometries, zeroPoint: [false, true] },
    ({ to, zeroPoint }) => hasZeroPoint(to, zeroPoint),
  ).map(({ from, to, geometry: { name, shape, granularity }, zeroPoint }) =>
    defineCase(
      `quantize/${from}-${to}/${name}${zeroPoint ? "-zp" : ""}`,
      { op: "quantize", inputs: [shaped(from, ...shape)], attributes: { dtype: to, granularity, zeroPoint } },
      quantizeData(to),
    ),
  ),
  ...geometries.map(({ name, shape, granularity }) =>
    defineCase(
      `quantize/shapes/${name}`,
      {
        op: "quantize",
        inputs: [shaped("float32", ...shape)],
        attributes: { dtype: "int8", granularity, zeroPoint: true },
      },
      quantizeData("int8"),
    ),
  ),
  quantized(
    "ties/int8",
    "float32",
    "int8",
    [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, -128.5, -129],
    1,
    0,
    [0, 2, 2, 0, -2, -2, 126, -128, -128],
  ),
  // Rounded first, shifted then: an odd zero point must not turn ties the other way.
  quantized("ties/odd-zero-point", "float32", "uint8", [0.5, 1.5, 2.5, -0.5, -1.5], 1, 3, [3, 5, 5, 3, 1]),
  quantized("ties/scale", "float32", "int8", [0.25, 0.75, 1.25, -0.25, -0.75], 0.5, 0, [0, 2, 2, 0, -2]),
  quantized(
    "ties/int4",
    "float32",
    "int4",
    [0.5, 1.5, 6.5, 7.5, -8.5, -7.5, 8],
    1,
    0,
    [0, 2, 6, 7, -8, -8, 7],
  ),
  // The float32 quotients are the ties 64.5 and 15.5. Exact quotients, and products with the reciprocal, are not.
  quantized("quotient-in-float32/1", "float32", "int8", [33.079490661621094], 0.5128602981567383, 0, [64]),
  quantized("quotient-in-float32/2", "float32", "int8", [0.3550926446914673], 0.02290920354425907, 0, [16]),
  quantized(
    "saturation/uint8",
    "float32",
    "uint8",
    [255, 255.5, 256, 1e30, -0.5, -1, -1e30],
    1,
    0,
    [255, 255, 255, 255, 0, 0, 0],
  ),
  quantized(
    "saturation/after-the-zero-point",
    "float32",
    "int8",
    [200, 256, -1, -300],
    1,
    -128,
    [72, 127, -128, -128],
  ),
  quantized(
    "saturation/int16",
    "float32",
    "int16",
    [32767, 32768, -32768, -32769, 1e9],
    1,
    0,
    [32767, 32767, -32768, -32768, 32767],
  ),
  quantized("saturation/uint2", "float32", "uint2", [-1, 0, 1.5, 2.5, 3.5, 9], 1, 0, [0, 0, 2, 2, 3, 3]),
  quantized("special/int8", "float32", "int8", [nan, inf, -inf, -0, 1], 1, 5, [5, 127, -128, 5, 6]),
  quantized("special/uint4", "float32", "uint4", [nan, inf, -inf, 1], 1, 8, [8, 15, 0, 9]),
  // Quotients are NaN or infinite.
  quantized("zero-scale", "float32", "int8", [0, 1, -1, nan, inf], 0, 7, [7, 127, -128, 7, 127]),
  quantized("subnormal", "float32", "int8", [2 ** -149, -(2 ** -148), 2 ** -126], 2 ** -149, 0, [1, -2, 127]),
  quantized("float16/ties", "float16", "int8", [0.5, 1.5, -2.5, 300, nan], 1, 0, [0, 2, -2, 127, 0]),
  quantized(
    "float8_e4m3fn/by-hand",
    "float32",
    "float8_e4m3fn",
    [1, 1.0625, 1.1875, 500, -inf, 0.001],
    1,
    0,
    [1, 1, 1.25, 448, -448, 2 ** -9],
  ),
  // The quotient is a little less than the tie 1.1875, and that tie in float32.
  quantized(
    "quotient-in-float32/float8_e4m3fn",
    "float32",
    "float8_e4m3fn",
    [1.1875 + 2 ** -23],
    1 + 2 ** -23,
    0,
    [1.25],
  ),
  quantized(
    "float4_e2m1/by-hand",
    "float32",
    "float4_e2m1",
    [0.25, 0.75, 1.25, 2.5, 5, 7, -100],
    1,
    0,
    [0, 1, 1, 2, 4, 6, -6],
  ),
];
