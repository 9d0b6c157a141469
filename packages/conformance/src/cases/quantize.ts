/** Cases of quantize, dequantize and requantize: every pair of formats, every granularity, ties, zero scales, NaN. */
import { type DType, dtypes, type Granularity } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import type { Recipe } from "../recipe.ts";
import { floats, shaped, shapeName, values } from "./helpers.ts";
import { spread } from "./pairwise.ts";

interface Geometry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly granularity: Granularity;
}

function geometry(shape: readonly number[], granularity: Granularity): Geometry {
  const { kind } = granularity;
  const axis = kind === "tensor" ? "" : `-axis${granularity.axis}`;
  const size = kind === "block" ? `-size${granularity.size}` : "";
  return { name: `${shapeName(shape)}-${kind}${axis}${size}`, shape, granularity };
}

const wholeTensors = [
  geometry([], { kind: "tensor" }),
  geometry([7], { kind: "tensor" }),
  geometry([3, 11], { kind: "tensor" }),
  geometry([0, 5], { kind: "tensor" }),
];
const channels = [
  geometry([4, 9], { kind: "channel", axis: 0 }),
  geometry([2, 3, 5], { kind: "channel", axis: 1 }),
  geometry([3, 8], { kind: "channel", axis: -1 }),
];
const blocks = [
  geometry([3, 32], { kind: "block", axis: 1, size: 16 }),
  geometry([6, 5], { kind: "block", axis: 0, size: 2 }),
  geometry([2, 6, 3], { kind: "block", axis: -2, size: 3 }),
  geometry([3, 33], { kind: "block", axis: 1, size: 16, partial: true }),
  geometry([5, 3], { kind: "block", axis: 0, size: 8, partial: true }),
];
const geometries = [...wholeTensors, ...channels, ...blocks];

const integers = ["int16", "uint16", "int8", "uint8", "int4", "uint4", "int2", "uint2"] as const;
const narrowFloats = ["float8_e4m3fn", "float8_e5m2", "float4_e2m1"] as const;
const codes = [...integers, ...narrowFloats];
const scalar = { kind: "tensor" } as const;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** Zero points in the middle half of the codes. */
function zeroPoints(dtype: DType): Recipe {
  const { min, max } = dtypes[dtype];
  const margin = Math.floor((max - min) / 4);
  return { min: min + margin, max: max - margin };
}

const hasZeroPoint = (dtype: DType, zeroPoint: boolean) => !zeroPoint || dtypes[dtype].kind === "integer";

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

/** Results of order one. */
function dequantizeData(dtype: DType): CaseData {
  const { kind, max } = dtypes[dtype];
  if (kind === "float") return { inputs: [{ min: -6, max: 6 }], weights: { scale: { min: 0.5, max: 2 } } };
  const reach = dtype === "int32" ? 100000 : max;
  return {
    inputs: [dtype === "int32" ? { min: -reach, max: reach } : undefined],
    weights: {
      scale: { min: 0.5 / reach, max: 2 / reach },
      zeroPoint: dtype === "int32" ? { min: -500, max: 500 } : zeroPoints(dtype),
    },
  };
}

const dequantizable = [...codes, "int32"] as const;

export const dequantize: readonly Case[] = [
  ...spread(
    dequantizable.flatMap((from) => floats.map((to) => ({ from, to }))),
    { from: dequantizable, to: floats, geometry: geometries, zeroPoint: [false, true] },
    ({ from, zeroPoint }) => hasZeroPoint(from, zeroPoint),
  ).map(({ from, to, geometry: { name, shape, granularity }, zeroPoint }) =>
    defineCase(
      `dequantize/${from}-${to}/${name}${zeroPoint ? "-zp" : ""}`,
      {
        op: "dequantize",
        inputs: [shaped(from, ...shape)],
        attributes: { output: to, granularity, zeroPoint },
      },
      dequantizeData(from),
    ),
  ),
  ...(["int4", "int8"] as const).map((dtype) =>
    defineCase(
      `dequantize/by-hand/${dtype}`,
      {
        op: "dequantize",
        inputs: [shaped(dtype, 5)],
        attributes: { output: "float32", granularity: scalar, zeroPoint: true },
      },
      {
        inputs: [values(-8, 7, 1, 0, -1)],
        weights: { scale: values(0.25), zeroPoint: values(1) },
        expected: [[-2.25, 1.5, 0, -0.25, -0.5]],
      },
    ),
  ),
  defineCase(
    "dequantize/extremes/uint8",
    {
      op: "dequantize",
      inputs: [shaped("uint8", 3)],
      attributes: { output: "float32", granularity: scalar, zeroPoint: true },
    },
    {
      inputs: [values(0, 255, 254)],
      weights: { scale: values(2), zeroPoint: values(255) },
      expected: [[-510, 0, -2]],
    },
  ),
  // fround(2^24 + 1) is 2^24.
  defineCase(
    "dequantize/int32/rounded-to-float32",
    {
      op: "dequantize",
      inputs: [shaped("int32", 2)],
      attributes: { output: "float32", granularity: scalar, zeroPoint: true },
    },
    {
      inputs: [values(2 ** 24 + 1, 2 ** 24 + 4)],
      weights: { scale: values(3), zeroPoint: values(0) },
      expected: [[3 * 2 ** 24, 3 * 2 ** 24 + 12]],
    },
  ),
  defineCase(
    "dequantize/zero-scale",
    {
      op: "dequantize",
      inputs: [shaped("uint8", 3)],
      attributes: { output: "float32", granularity: scalar },
    },
    { inputs: [values(0, 3, 255)], weights: { scale: values(0) }, expected: [[0, 0, 0]] },
  ),
  defineCase(
    "dequantize/float8_e4m3fn/nan",
    {
      op: "dequantize",
      inputs: [shaped("float8_e4m3fn", 3)],
      attributes: { output: "float32", granularity: scalar },
    },
    { inputs: [values(nan, 448, -0.5)], weights: { scale: values(2) }, expected: [[nan, 896, -1]] },
  ),
  defineCase(
    "dequantize/float8_e5m2/nan-and-infinity",
    {
      op: "dequantize",
      inputs: [shaped("float8_e5m2", 3)],
      attributes: { output: "float32", granularity: scalar },
    },
    { inputs: [values(nan, 57344, -0.5)], weights: { scale: values(2) }, expected: [[nan, 114688, -1]] },
  ),
];

const requantizable = ["int32", "int8", "uint8"] as const;

function requantized(
  name: string,
  from: DType,
  to: "int8" | "uint8",
  x: readonly number[],
  scale: number,
  zeroPoints: readonly [number, number],
  expected: readonly number[],
) {
  return defineCase(
    `requantize/${name}`,
    { op: "requantize", inputs: [shaped(from, x.length)], attributes: { dtype: to, granularity: scalar } },
    {
      inputs: [values(...x)],
      weights: {
        scale: values(scale),
        inputZeroPoint: values(zeroPoints[0]),
        zeroPoint: values(zeroPoints[1]),
      },
      expected: [expected],
    },
  );
}

export const requantize: readonly Case[] = [
  ...requantizable.flatMap((from) =>
    (["int8", "uint8"] as const).flatMap((to) =>
      [...wholeTensors, ...channels].map(({ name, shape, granularity }) =>
        defineCase(
          `requantize/${from}-${to}/${name}`,
          { op: "requantize", inputs: [shaped(from, ...shape)], attributes: { dtype: to, granularity } },
          from === "int32"
            ? {
                inputs: [{ min: -100000, max: 100000 }],
                weights: {
                  scale: { min: 0.0005, max: 0.002 },
                  inputZeroPoint: values(-17),
                  zeroPoint: zeroPoints(to),
                },
              }
            : {
                weights: {
                  scale: { min: 0.2, max: 2 },
                  inputZeroPoint: zeroPoints(from),
                  zeroPoint: zeroPoints(to),
                },
              },
        ),
      ),
    ),
  ),
  requantized("ties/int32-int8", "int32", "int8", [1, 3, 5, -1, -3, -5], 0.5, [0, 0], [0, 2, 2, 0, -2, -2]),
  requantized("ties/odd-zero-points", "uint8", "uint8", [4, 6, 8, 2, 0], 0.5, [3, 7], [7, 9, 9, 7, 5]),
  requantized(
    "saturation",
    "int32",
    "uint8",
    [2 ** 31 - 1, -(2 ** 31), 255, 256, -1],
    1,
    [0, 0],
    [255, 0, 255, 255, 0],
  ),
  requantized(
    "sum-in-float32",
    "int32",
    "int8",
    [2 ** 24 + 1, -(2 ** 24) - 1],
    2.5 * 2 ** -24,
    [0, 0],
    [2, -2],
  ),
  requantized(
    "product-in-float32",
    "int32",
    "int8",
    [25527, 25527 + 4],
    0.0025659105740487576,
    [0, 0],
    [66, 66],
  ),
  requantized("zero-scale", "int32", "uint8", [5, -5, 0], 0, [0, 11], [11, 11, 11]),
];
