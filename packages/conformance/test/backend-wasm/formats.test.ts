/** Casts over the whole of small formats, and over the numbers between which large ones choose. */

import { type DType, decodeArray, dtypes } from "@bitbudget/core";
import { type Case, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

const formats = [
  ...(["float32", "float16", "bfloat16", "float64", "bool"] as const),
  ...(["int64", "uint64", "int32", "uint32", "int16", "uint16", "int8", "uint8"] as const),
  ...(["int4", "uint4", "int2", "uint2"] as const),
];

function cast(from: DType, to: DType, values: readonly number[]): Case {
  return defineCase(
    `${from} to ${to}`,
    { op: "cast", inputs: [{ dtype: from, shape: [values.length] }], attributes: { to } },
    { inputs: [{ values }] },
  );
}

/** Every number of a format of 16 bits. */
function everyNumber(dtype: "float16" | "bfloat16"): number[] {
  return [
    ...decodeArray(
      dtype,
      Uint16Array.from({ length: 65536 }, (_, i) => i),
      65536,
    ),
  ];
}

/** The numbers of a format from its start on, the ties between them, and what lies just beside the ties. */
function aroundTies(dtype: "float16" | "bfloat16"): number[] {
  const numbers = everyNumber(dtype).filter((x) => Number.isFinite(x));
  return numbers.slice(0, -1).flatMap((x, i) => {
    if (i % 13 !== 0) return [];
    const tie = (x + numbers[i + 1]!) / 2;
    return [x, tie, tie * (1 + 2 ** -22), tie * (1 - 2 ** -22)];
  });
}

/** Where integers of 64 bits lose digits, and ends of formats. */
const wide = [24, 25, 31, 32, 53, 54, 62, 63].flatMap((n) =>
  [-1, -0.5, 0, 0.5, 1].map((d) => 2 ** n + d * 2 ** Math.max(0, n - 24)),
);
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const floats = [
  nan,
  inf,
  -inf,
  0,
  -0,
  0.5,
  -0.5,
  1.5,
  2.5,
  -1.5,
  254.5,
  255.5,
  65519,
  65520,
  1e9,
  1e20,
  1e300,
  1e-300,
];
const samples = [
  ...floats,
  ...wide,
  ...wide.map((x) => -x),
  ...Array.from({ length: 600 }, (_, i) => i - 300),
];

/** A float64 that is no tie, and a tie in float32. */
const justAbove = [11, 8].map((bits) => 1 + 2 ** -bits + 2 ** -40);

describeInPieces(
  formats.flatMap((from) =>
    formats.map((to) => {
      const kept = dtypes[from].kind === "float" ? samples : samples.filter((x) => Number.isInteger(x));
      return cast(from, to, kept);
    }),
  ),
  ["simd"],
);

describeInPieces([
  cast("float16", "float32", everyNumber("float16")),
  cast("bfloat16", "float32", everyNumber("bfloat16")),
  ...(["float32", "float64"] as const).flatMap((from) =>
    (["float16", "bfloat16"] as const).map((to) => cast(from, to, [...aroundTies(to), ...justAbove])),
  ),
]);
