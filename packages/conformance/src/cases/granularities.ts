/** What the cases of quantize, dequantize and requantize share: granularities and zero points. */
import { type DType, dtypes, type Granularity } from "@bitbudget/core";
import type { Recipe } from "../recipe.ts";
import { shapeName } from "./helpers.ts";

export interface Geometry {
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

export const wholeTensors = [
  geometry([], { kind: "tensor" }),
  geometry([7], { kind: "tensor" }),
  geometry([3, 11], { kind: "tensor" }),
  geometry([0, 5], { kind: "tensor" }),
];
export const channels = [
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
export const geometries = [...wholeTensors, ...channels, ...blocks];

const integers = ["int16", "uint16", "int8", "uint8", "int4", "uint4", "int2", "uint2"] as const;
const narrowFloats = [
  "float8_e4m3fn",
  "float8_e5m2",
  "float8_e4m3fnuz",
  "float8_e5m2fnuz",
  "float4_e2m1",
] as const;
export const codes = [...integers, ...narrowFloats];

/** Zero points in the middle half of the codes. */
export function zeroPoints(dtype: DType): Recipe {
  const { min, max } = dtypes[dtype];
  const margin = Math.floor((max - min) / 4);
  return { min: min + margin, max: max - margin };
}

/** Codes that are floats have none. */
export const hasZeroPoint = (dtype: DType, zeroPoint: boolean) =>
  !zeroPoint || dtypes[dtype].kind === "integer";
