/** Elementwise programs over shapes that the suite has no room for: many strips, all remainders, rows short and long. */
import type { AnySpec, BinaryFunction, ElementwiseStep, UnaryFunction } from "@bitbudget/backend";
import type { DType, Granularity } from "@bitbudget/core";
import { type Case, type CaseData, defineCase } from "../../src/index.ts";
import { describeInPieces } from "./in-pieces.ts";

const integers = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"] as const;

function named(spec: AnySpec, name: string, data: CaseData = {}): Case {
  const shapes = spec.inputs.map(({ dtype, shape }) => `${dtype} ${shape.join("x")}`);
  return defineCase(`${spec.op} ${name} of ${shapes.join(" and ")}`, spec, data);
}

function pair(fn: BinaryFunction, dtype: DType, ...shapes: readonly (readonly number[])[]): Case {
  const inputs = shapes.map((shape) => ({ dtype, shape }));
  return named({ op: "binary", inputs, attributes: { function: fn } }, fn);
}

function one(fn: UnaryFunction, dtype: DType, length: number): Case {
  return named({ op: "unary", inputs: [{ dtype, shape: [length] }], attributes: { function: fn } }, fn.fn);
}

/** Strips have 512 elements or 8192, rows below 64 or 256 are joined. */
const shapes: readonly (readonly (readonly number[])[])[] = [
  ...[511, 512, 513, 2051, 20011].map((length) => [[length], [length]]),
  [[20011], []],
  [[], [20011]],
  // A row for all: joined and laid out once, or walked.
  ...[3, 16, 37, 63, 64, 65, 200, 255, 256, 257, 1030].map((length) => [
    [Math.ceil(2100 / length), length],
    [length],
  ]),
  // A number for each row.
  ...[3, 49, 63, 64, 65, 530].map((length) => [
    [61, length],
    [61, 1],
  ]),
  // Repeated in the middle, at both ends, in turn.
  [
    [3, 7, 19, 23],
    [7, 1, 1],
  ],
  [
    [3, 7, 19, 70],
    [3, 1, 19, 1],
  ],
  [
    [5, 1, 131],
    [1, 7, 131],
  ],
  [
    [41, 1],
    [1, 67],
  ],
  [
    [2, 1, 33, 1],
    [9, 1, 21],
  ],
];

function quantized(dtype: DType, from: DType, shape: readonly number[], granularity: Granularity): Case[] {
  const kind = JSON.stringify(granularity);
  return [
    named(
      {
        op: "quantize",
        inputs: [{ dtype: from, shape }],
        attributes: { dtype, granularity, zeroPoint: true },
      },
      `to ${dtype} by ${kind}`,
      {
        inputs: [{ min: -3, max: 3, also: [Number.NaN, Number.POSITIVE_INFINITY, -1e30] }],
        weights: { scale: { min: 0.01, max: 0.9 } },
      },
    ),
    named(
      {
        op: "dequantize",
        inputs: [{ dtype, shape }],
        attributes: { output: from, granularity, zeroPoint: true },
      },
      `to ${from} by ${kind}`,
      { weights: { scale: { min: 0.01, max: 0.9 } } },
    ),
  ];
}

const granularities: readonly (readonly [readonly number[], Granularity])[] = [
  [[2051], { kind: "tensor" }],
  [[41, 53], { kind: "channel", axis: 1 }],
  [[7, 301], { kind: "channel", axis: 0 }],
  [[3, 5, 151], { kind: "channel", axis: 1 }],
  [[9, 224], { kind: "block", axis: 1, size: 32 }],
  [[96, 23], { kind: "block", axis: 0, size: 32 }],
  [[5, 333], { kind: "block", axis: 1, size: 16, partial: true }],
];
const codes = ["int16", "uint16", "int8", "uint8", "int4", "uint4", "int2", "uint2"] as const;

/** Many values alive at once, values that are read twice, all kinds of operands. */
function chain(a: readonly number[], b: readonly number[], output: "float32" | "uint8"): Case {
  const steps: ElementwiseStep[] = [
    { kind: "dequantize", of: 0, scale: 2, zeroPoint: 3 },
    { kind: "unary", function: { fn: "abs" }, of: 4 },
    { kind: "binary", function: "mul", of: [4, 1] },
    { kind: "binary", function: "sub", of: [5, 6] },
    { kind: "unary", function: { fn: "relu" }, of: 6 },
    { kind: "binary", function: "max", of: [7, 1] },
    { kind: "binary", function: "add", of: [8, 9] },
    { kind: "binary", function: "add", of: [10, 5] },
  ];
  if (output === "uint8") steps.push({ kind: "quantize", of: 11, scale: 2, zeroPoint: 3, dtype: output });
  const inputs = [
    { dtype: "uint8", shape: a },
    { dtype: "float32", shape: b },
  ] as const;
  return named({ op: "elementwise", inputs, attributes: { constants: 2, steps } }, `to ${output}`, {
    weights: { constants: { values: [0.5, 7] } },
  });
}

/** What sumOfCodes does in one step, and what resembles it but is something else. */
function sum(
  formats: readonly ["uint8" | "int8", "uint8" | "int8", "uint8" | "int8"],
  constants: readonly number[],
  between: readonly ElementwiseStep[],
  length: number,
): Case {
  const inputs = formats.slice(0, 2).map((dtype) => ({ dtype, shape: [length] }));
  const steps: ElementwiseStep[] = [
    { kind: "dequantize", of: 0, scale: 2, zeroPoint: 3 },
    { kind: "dequantize", of: 1, scale: 4, zeroPoint: 5 },
    { kind: "binary", function: "add", of: [9, 10] },
    ...between,
    { kind: "quantize", of: 11 + between.length, scale: 7, zeroPoint: 8, dtype: formats[2] },
  ];
  const name = `${JSON.stringify(constants)} ${between.map((step) => step.kind)} to ${formats[2]}`;
  return named({ op: "elementwise", inputs, attributes: { constants: 7, steps } }, name, {
    weights: { constants: { values: constants } },
  });
}

const offset: ElementwiseStep = { kind: "binary", function: "add", of: [11, 6] };
const otherwise: ElementwiseStep = { kind: "binary", function: "sub", of: [6, 11] };
const relu = (of: number): ElementwiseStep => ({ kind: "unary", function: { fn: "relu" }, of });
const numbers = [
  [0.37, 5, 0.21, 11, 100, 1, 0],
  [0.37, 5, 0.21, 11, -3.5, 0.4, 17],
  [1e30, 5, -1e30, 11, 0, 1e-30, 9],
  [0.37, 5, 0.21, 11, 3, 0, 9],
  [0.37, 5, 0.21, 11, 3, -0.25, 9],
] as const;

describeInPieces(
  (["uint8", "int8"] as const).flatMap((a) =>
    (["uint8", "int8"] as const).flatMap((b) =>
      (["uint8", "int8"] as const).flatMap((y) =>
        numbers.flatMap((constants, i) => [
          sum([a, b, y], constants, [offset], 2051),
          sum([a, b, y], constants, [offset, relu(12)], 1024 + i),
          sum([a, b, y], constants, [otherwise], 67),
          sum([a, b, y], constants, [otherwise, relu(12)], 67),
        ]),
      ),
    ),
  ),
);

describeInPieces([
  ...shapes.flatMap(([a = [], b = []]) => [
    pair("sub", "float32", a, b),
    pair("less", "float32", a, b),
    pair("sub", "int32", a, b),
    pair("max", "float16", b, a),
    chain(a, b, "float32"),
    chain(b, a, "uint8"),
    named(
      {
        op: "where",
        inputs: [
          { dtype: "bool", shape: b },
          { dtype: "int16", shape: a },
          { dtype: "int16", shape: [] },
        ],
        attributes: {},
      },
      "",
      { inputs: [{ min: 0, max: 1 }] },
    ),
  ]),
  ...[1, 2, 3, 5, 15, 16, 17, 511, 513, 8191, 8193, 20011].flatMap((length) => [
    one({ fn: "relu" }, "float32", length),
    one({ fn: "identity" }, "int8", length),
    one({ fn: "neg" }, "bfloat16", length),
    one({ fn: "isNaN" }, "float32", length),
    named(
      { op: "lookup", inputs: [{ dtype: "int8", shape: [length] }], attributes: { output: "uint8" } },
      "",
    ),
    named(
      { op: "cast", inputs: [{ dtype: "uint4", shape: [length] }], attributes: { to: "uint2" } },
      "to uint2",
    ),
  ]),
  ...codes.flatMap((dtype, i) =>
    granularities.flatMap(([shape, granularity], k) =>
      quantized(dtype, (["float32", "float16", "float32"] as const)[(i + k) % 3]!, shape, granularity),
    ),
  ),
  ...granularities.slice(0, 4).map(([shape, granularity]) =>
    named(
      { op: "requantize", inputs: [{ dtype: "int32", shape }], attributes: { dtype: "int8", granularity } },
      "",
      {
        inputs: [{ min: -100000, max: 100000, also: [2 ** 31 - 1, -(2 ** 31)] }],
        weights: { scale: { min: 0.0005, max: 0.002 } },
      },
    ),
  ),
]);

/** Every one of these with every other. */
const edges = [
  0,
  1,
  2,
  3,
  7,
  8,
  31,
  33,
  63,
  64,
  100,
  127,
  128,
  255,
  256,
  32767,
  65535,
  2 ** 31 - 1,
  2 ** 32 - 1,
  2 ** 53,
];
const ofIntegers: readonly BinaryFunction[] = [
  ...(["add", "sub", "mul", "div", "pow", "min", "max", "mod", "fmod", "prelu"] as const),
  ...(["equal", "less", "lessOrEqual", "greater", "greaterOrEqual"] as const),
  ...(["bitwiseAnd", "bitwiseOr", "bitwiseXor", "shiftLeft", "shiftRight"] as const),
];
const both = [...edges, ...edges.map((x) => -x), -(2 ** 31), -(2 ** 63), 2 ** 63];

describeInPieces(
  integers.flatMap((dtype) => [
    ...ofIntegers.map((fn) =>
      named(
        {
          op: "binary",
          inputs: [
            { dtype, shape: [both.length] },
            { dtype, shape: [both.length, 1] },
          ],
          attributes: { function: fn },
        },
        `${fn} at the edges`,
        { inputs: [{ values: both }, { values: both }] },
      ),
    ),
    ...(["abs", "neg", "sign", "relu", "bitwiseNot"] as const).map((fn) =>
      named(
        { op: "unary", inputs: [{ dtype, shape: [both.length] }], attributes: { function: { fn } } },
        `${fn} at the edges`,
        { inputs: [{ values: both }] },
      ),
    ),
    named(
      {
        op: "unary",
        inputs: [{ dtype, shape: [both.length] }],
        attributes: { function: { fn: "clip", min: -3, max: 2 ** 40 } },
      },
      "clip at the edges",
      { inputs: [{ values: both }] },
    ),
  ]),
  ["simd"],
);
