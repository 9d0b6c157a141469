/** Cases of elementwise: every kind of step, codes and numbers in and out, broadcasting, errors that are carried along. */
import {
  type ElementwiseStep,
  elementwiseBinary,
  isElementwiseUnary,
  plainFunctions,
  type UnaryFunction,
} from "@bitbudget/backend";
import type { TensorType } from "@bitbudget/core";
import type { Case } from "../case.ts";
import type { Recipe } from "../recipe.ts";
import { binary, chain, toCodes, unary } from "./elementwise-chain.ts";
import { elementwiseEdges } from "./elementwise-edges.ts";
import { shaped, shapeName } from "./helpers.ts";
import { domains, functionName, parametrized } from "./unary.ts";

const codes = ["uint8", "int8"] as const;
const formats = ["float32", ...codes] as const;

/** Inputs of some formats as numbers; constants 0 and 1 are the scale and the zero point of all codes. */
function decoded(
  inputs: readonly TensorType[],
  constants: number,
): { numbers: number[]; steps: ElementwiseStep[] } {
  const steps: ElementwiseStep[] = [];
  const numbers = inputs.map(({ dtype }, of) => {
    if (dtype === "float32") return of;
    steps.push({ kind: "dequantize", of, scale: inputs.length, zeroPoint: inputs.length + 1 });
    return inputs.length + constants + steps.length - 1;
  });
  return { numbers, steps };
}

/** relu(a + b), as residual connections have it, between any formats. */
function residual(a: TensorType, b: TensorType, output: (typeof formats)[number], name: string): Case {
  const inputs = [a, b];
  const constants = [0.0625, 10, 0.125, 3];
  const { numbers, steps } = decoded(inputs, constants.length);
  const push = (step: ElementwiseStep) => inputs.length + constants.length + steps.push(step) - 1;
  const [first = 0, second = 0] = numbers;
  // Where no codes come in, their scale and zero point are numbers like any other.
  const scaled = steps.length > 0 ? first : push(binary("max", push(binary("mul", first, 2)), 3));
  const sum = push(unary("relu", push(binary("add", scaled, second))));
  if (output === "float32") push(binary("max", push(binary("mul", sum, 4)), 5));
  else push(toCodes(sum, 4, 5, output));
  const recipes = inputs.map(
    ({ dtype }): Recipe =>
      dtype === "float32" ? { min: -8, max: 8 } : { min: dtype === "int8" ? -128 : 0, max: 127 },
  );
  return chain(name, inputs, { constants, steps, recipes });
}

type Shapes = readonly (readonly number[])[];
/** A row of channels against an image in both layouts, columns, scalars, ranks that differ, both repeated in turn. */
const broadcasts: readonly Shapes[] = [
  [[1, 3, 5, 8], [8]],
  [[1, 3, 5, 9], [9]],
  [[2, 3, 33], [33]],
  [
    [2, 3, 4, 5],
    [3, 1, 1],
  ],
  [
    [2, 3, 17],
    [1, 3, 1],
  ],
  [[4, 9], []],
  [[], [4, 9]],
  [[5], [1]],
  [
    [4, 1],
    [1, 33],
  ],
  [
    [2, 1, 3, 1],
    [4, 1, 5],
  ],
  [
    [3, 7],
    [2, 1, 7],
  ],
  [[0, 3], [3]],
];

/** Any functions, each followed by one that carries its error on: a product, a difference with what it is of. */
function unaryChain(value: UnaryFunction): Case {
  const [min, max] = domains[value.fn] ?? [-8, 8];
  return chain(`unary/${functionName(value)}`, [shaped("float32", 3, 13)], {
    constants: [0.75],
    steps: [{ kind: "unary", function: value, of: 0 }, binary("mul", 2, 1), binary("sub", 3, 0)],
    recipes: [{ min, max }],
  });
}

const functions = [...plainFunctions.map((fn): UnaryFunction => ({ fn })), ...parametrized].filter(
  isElementwiseUnary,
);

export const elementwise: readonly Case[] = [
  ...functions.map(unaryChain),
  ...elementwiseBinary.map((fn, i) =>
    chain(`binary/${fn}`, [shaped("float32", 3, 11), shaped("float32", ...(i % 2 === 0 ? [11] : [3, 11]))], {
      constants: [-0.5],
      steps: [binary(fn, 0, 1), binary("add", 3, 2), binary(fn === "pow" ? "mul" : fn, 4, 1)],
      recipes:
        fn === "pow"
          ? [
              { min: 0.25, max: 4 },
              { min: -3, max: 3 },
            ]
          : [
              { min: -8, max: 8 },
              { min: 0.5, max: 4 },
            ],
    }),
  ),
  // Formats
  ...formats.flatMap((a) =>
    formats.flatMap((b) =>
      formats.map((output) =>
        residual(shaped(a, 3, 13), shaped(b, 3, 13), output, `residual/${a}+${b}-${output}`),
      ),
    ),
  ),
  ...[0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100, 1030].map((length, i) =>
    residual(
      shaped(formats[i % 3]!, length),
      shaped(formats[(i + 1) % 3]!, length),
      formats[Math.floor(i / 3) % 3]!,
      `lengths/${length}`,
    ),
  ),
  // Shapes
  ...broadcasts.flatMap(([a = [], b = []]) =>
    (["float32", "uint8", "int8"] as const).map((output, i) =>
      residual(
        shaped(formats[i]!, ...a),
        shaped(formats[(i + 2) % 3]!, ...b),
        output,
        `broadcast/${shapeName(a)}and${shapeName(b)}-${output}`,
      ),
    ),
  ),
  residual(shaped("uint8"), shaped("int8"), "uint8", "scalars"),
  // Normalized with a row for each channel, as MobileNet has it between codes.
  ...(
    [
      ["nhwc", [1, 4, 4, 24], [24]],
      ["nchw", [1, 6, 5, 5], [6, 1, 1]],
    ] as const
  ).flatMap(([layout, image, row]) =>
    codes.map((dtype) =>
      chain(
        `normalized/${layout}/${dtype}`,
        [shaped(dtype, ...image), shaped("float32", ...row), shaped("float32", ...row)],
        {
          constants: [0.05, 7, 0.02, 0],
          steps: [
            { kind: "dequantize", of: 0, scale: 3, zeroPoint: 4 },
            binary("mul", 7, 1),
            binary("add", 8, 2),
            { kind: "unary", function: { fn: "clip", min: 0, max: 6 }, of: 9 },
            toCodes(10, 5, 6, "uint8"),
          ],
          recipes: [
            { min: 0, max: 127 },
            { min: 0.5, max: 2 },
            { min: -1, max: 1 },
          ],
        },
      ),
    ),
  ),
  // onnxruntime's QLinearAdd: in units of the result, the zero point added before the rounding.
  ...codes.map((dtype) =>
    chain(`qlinear-add/${dtype}`, [shaped(dtype, 5, 21), shaped(dtype, 5, 21)], {
      constants: [0.7, 100, 0.45, 90, 11, 1, 0],
      steps: [
        { kind: "dequantize", of: 0, scale: 2, zeroPoint: 3 },
        { kind: "dequantize", of: 1, scale: 4, zeroPoint: 5 },
        binary("add", 9, 10),
        binary("add", 11, 6),
        toCodes(12, 7, 8, dtype),
      ],
    }),
  ),
  // Sizes
  chain(
    "many/inputs",
    Array.from({ length: 6 }, (_, i) => shaped(formats[i % 3]!, ...(i < 3 ? [4, 9] : [9]))),
    {
      constants: [0.125, 3],
      ...(() => {
        const inputs = Array.from({ length: 6 }, (_, i) => shaped(formats[i % 3]!));
        const { numbers, steps } = decoded(inputs, 2);
        const [first = 0, ...others] = numbers;
        let sum = first;
        for (const number of others) sum = 8 + steps.push(binary("add", sum, number)) - 1;
        return { steps };
      })(),
    },
  ),
  chain("many/steps", [shaped("float32", 37)], {
    constants: [0.75, 0.5],
    steps: Array.from({ length: 64 }, (_, i) =>
      binary(i % 2 === 0 ? "mul" : "add", i === 0 ? 0 : i + 2, i % 2 === 0 ? 1 : 2),
    ),
  }),
  // A value that several steps read, and both operands the same.
  chain("shared/x-times-sigmoid", [shaped("float32", 29)], {
    steps: [unary("sigmoid", 0), binary("mul", 0, 1), binary("mul", 2, 2), binary("sub", 3, 1)],
  }),
  chain("carried/tanh-exp-cancel", [shaped("float32", 33)], {
    constants: [1],
    steps: [unary("tanh", 0), unary("exp", 2), binary("sub", 3, 1), unary("floor", 4), binary("add", 5, 4)],
  }),

  ...elementwiseEdges,
];
