/** Cases of dequantize: every pair of formats, every granularity, the ends of the codes, NaN. */
import { type DType, dtypes } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../case.ts";
import { codes, geometries, hasZeroPoint, zeroPoints } from "./granularities.ts";
import { floats, shaped, values } from "./helpers.ts";
import { spread } from "./pairwise.ts";

const scalar = { kind: "tensor" } as const;
const { NaN: nan } = Number;

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
