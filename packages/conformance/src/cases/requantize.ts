/** Cases of requantize: each step of it in float32, ties, saturation, zero scales. */
import type { DType } from "@bitbudget/core";
import { type Case, defineCase } from "../case.ts";
import { channels, wholeTensors, zeroPoints } from "./granularities.ts";
import { shaped, values } from "./helpers.ts";

const scalar = { kind: "tensor" } as const;
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
