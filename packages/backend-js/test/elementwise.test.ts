/** elementwise and lookup: by hand, and against the same steps as kernels of their own. */
import {
  type ElementwiseStep,
  elementwiseBinary,
  isElementwiseUnary,
  isExactStep,
  type KernelSpec,
  plainFunctions,
  type UnaryFunction,
} from "@bitbudget/backend";
import { type HostTensor, tensor } from "@bitbudget/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectSame } from "./compare.ts";
import { numbers, run } from "./run.ts";

function chain(
  inputs: readonly HostTensor[],
  constants: readonly number[],
  steps: readonly ElementwiseStep[],
): Promise<HostTensor[]> {
  const spec: KernelSpec<"elementwise"> = {
    op: "elementwise",
    inputs,
    attributes: { constants: constants.length, steps },
  };
  const weights =
    constants.length === 0 ? {} : { constants: tensor("float32", [constants.length], constants) };
  return run(spec, inputs, weights);
}

describe("by hand", () => {
  test("codes plus codes, through relu, to codes", async () => {
    const a = tensor("uint8", [2, 3], [128, 130, 126, 255, 0, 129]);
    const b = tensor("int8", [3], [0, 4, -1]);
    const [y] = await chain(
      [a, b],
      [0.5, 128, 0.25, 0, 0.5, 10],
      [
        { kind: "dequantize", of: 0, scale: 2, zeroPoint: 3 },
        { kind: "dequantize", of: 1, scale: 4, zeroPoint: 5 },
        { kind: "binary", function: "add", of: [8, 9] },
        { kind: "unary", function: { fn: "relu" }, of: 10 },
        { kind: "quantize", of: 11, scale: 6, zeroPoint: 7, dtype: "uint8" },
      ],
    );
    // a: 0 1 -1 / 63.5 -64 0.5; b: 0 1 -0.25; in halves from 10 on, ties to even: 0.5 / 0.5 = 1, 0.25 / 0.5 = 0.5 to 0.
    expectSame(y, tensor("uint8", [2, 3], [10, 14, 10, 137, 10, 10]));
  });

  test("every step rounds to float32", async () => {
    const x = tensor("float32", [2], [1, 2 ** 24]);
    const [y] = await chain(
      [x],
      [2 ** -24, 1],
      [
        { kind: "binary", function: "add", of: [0, 1] },
        { kind: "binary", function: "add", of: [3, 2] },
        { kind: "binary", function: "sub", of: [4, 0] },
      ],
    );
    // 1 + 2 ** -24 is a tie that goes to 1; 2 ** 24 + 1 one that goes to 2 ** 24.
    expectSame(y, tensor("float32", [2], [1, 0]));
  });

  test("a row of channels against an image, a column against a row, a scalar", async () => {
    const image = tensor("float32", [1, 2, 3], [1, 2, 3, 4, 5, 6]);
    const channels = tensor("float32", [2, 1], [10, 100]);
    const row = tensor("float32", [3], [0, 1, 2]);
    const scalar = tensor("float32", [], [0.5]);
    const [y] = await chain(
      [image, channels, row, scalar],
      [],
      [
        { kind: "binary", function: "mul", of: [0, 1] },
        { kind: "binary", function: "add", of: [4, 2] },
        { kind: "binary", function: "add", of: [5, 3] },
      ],
    );
    expectSame(y, tensor("float32", [1, 2, 3], [10.5, 21.5, 32.5, 400.5, 501.5, 602.5]));
  });

  test("NaN has the zero point as its code, infinities saturate", async () => {
    const x = tensor("float32", [4], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]);
    const steps = [{ kind: "quantize", of: 0, scale: 1, zeroPoint: 2, dtype: "int8" }] as const;
    const [y] = await chain([x], [1, 7], steps);
    expectSame(y, tensor("int8", [4], [7, 127, -128, 7]));
  });

  test("no elements", async () => {
    const [y] = await chain(
      [tensor("float32", [0, 3]), tensor("float32", [3], [1, 2, 3])],
      [],
      [{ kind: "binary", function: "add", of: [0, 1] }],
    );
    expectSame(y, tensor("float32", [0, 3]));
  });

  test("a table is in the order of bytes", async () => {
    const table = tensor(
      "int8",
      [256],
      Array.from({ length: 256 }, (_, byte) => (byte >> 1) - 64),
    );
    const spec: KernelSpec<"lookup"> = {
      op: "lookup",
      inputs: [{ dtype: "int8", shape: [2, 2] }],
      attributes: { output: "int8" },
    };
    expect(await numbers(spec, [[0, 127, -128, -1]], { table })).toEqual([-64, -1, 0, 63]);
  });
});

/** The steps as kernels of their own, one after the other. */
async function apart(
  inputs: readonly HostTensor[],
  constants: readonly number[],
  steps: readonly ElementwiseStep[],
): Promise<HostTensor> {
  const scalar = (value: number) => constants[value - inputs.length]!;
  const values = [...inputs, ...constants.map((constant) => tensor("float32", [], [constant]))];
  const granularity = { kind: "tensor" } as const;
  for (const step of steps) {
    const [a, b] = (step.kind === "binary" ? step.of : [step.of]).map((value) => values[value]!);
    const inputsOf = b === undefined ? [a!] : [a!, b];
    const result = async (): Promise<HostTensor[]> => {
      switch (step.kind) {
        case "unary":
          return run({ op: "unary", inputs: inputsOf, attributes: { function: step.function } }, inputsOf);
        case "binary":
          return run({ op: "binary", inputs: inputsOf, attributes: { function: step.function } }, inputsOf);
        case "dequantize":
          return run(
            {
              op: "dequantize",
              inputs: inputsOf,
              attributes: { output: "float32", granularity, zeroPoint: true },
            },
            inputsOf,
            {
              scale: tensor("float32", [], [scalar(step.scale)]),
              zeroPoint: tensor(a!.dtype, [], [scalar(step.zeroPoint)]),
            },
          );
        case "quantize":
          return run(
            {
              op: "quantize",
              inputs: inputsOf,
              attributes: { dtype: step.dtype, granularity, zeroPoint: true },
            },
            inputsOf,
            {
              scale: tensor("float32", [], [scalar(step.scale)]),
              zeroPoint: tensor(step.dtype, [], [scalar(step.zeroPoint)]),
            },
          );
      }
    };
    values.push(...(await result()));
  }
  return values.at(-1)!;
}

const functions: readonly UnaryFunction[] = [
  ...plainFunctions.map((fn) => ({ fn })),
  { fn: "clip", min: -0.5, max: 2 } as const,
  { fn: "leakyRelu", alpha: 0.1 } as const,
  { fn: "hardSigmoid", alpha: 0.2, beta: 0.5 } as const,
  { fn: "gelu", approximate: "none" } as const,
].filter(isElementwiseUnary);

const isExactUnary = (value: UnaryFunction) => isExactStep({ kind: "unary", function: value, of: 0 });
const isExactBinary = (fn: (typeof elementwiseBinary)[number]) =>
  isExactStep({ kind: "binary", function: fn, of: [0, 0] });

const shapes = [[2, 3, 4], [3, 1], [4], [1, 1, 4], [], [2, 1, 1], [1]];
const formats = ["float32", "uint8", "int8"] as const;

/** Inputs of any formats and shapes, and steps that combine them and each other, in the end all of them. */
const chains = fc
  .record({
    inputs: fc.array(fc.record({ dtype: fc.constantFrom(...formats), shape: fc.constantFrom(...shapes) }), {
      minLength: 1,
      maxLength: 4,
    }),
    numbers: fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 24, maxLength: 24 }),
    scale: fc.double({ min: 0.01, max: 2, noNaN: true }),
    zeroPoint: fc.integer({ min: 0, max: 127 }),
    links: fc.array(
      fc.record({
        unary: fc.nat(),
        binary: fc.nat(),
        offset: fc.nat(20),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    end: fc.constantFrom(undefined, "uint8" as const, "int8" as const),
  })
  .map(({ inputs, numbers: given, scale, zeroPoint, links, end }) => {
    const tensors = inputs.map(({ dtype, shape }, k) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const values = Array.from({ length: count }, (_, i) => {
        const x = given[(i + 5 * k) % given.length]!;
        return dtype === "uint8" ? Math.abs(Math.round(x * 6)) : dtype === "int8" ? Math.round(x * 6) : x;
      });
      return tensor<"float32" | "uint8" | "int8">(dtype, shape, values);
    });
    const constants = [Math.fround(scale), zeroPoint];
    const [scaleAt, zeroAt] = [inputs.length, inputs.length + 1];
    const steps: ElementwiseStep[] = [];
    const push = (step: ElementwiseStep) => inputs.length + constants.length + steps.push(step) - 1;
    let ready = inputs.map(({ dtype }, of) =>
      dtype === "float32" ? of : push({ kind: "dequantize", of, scale: scaleAt, zeroPoint: zeroAt }),
    );
    // Both constants are read, whatever the formats.
    ready.push(push({ kind: "binary", function: "sub", of: [zeroAt, scaleAt] }));
    // What ends in codes is exact all the way.
    const unary = end === undefined ? functions : functions.filter(isExactUnary);
    const binary = end === undefined ? elementwiseBinary : elementwiseBinary.filter(isExactBinary);
    for (const link of links) {
      const a = ready[link.offset % ready.length]!;
      ready = ready.filter((value) => value !== a);
      ready.push(push({ kind: "unary", function: unary[link.unary % unary.length]!, of: a }));
      if (ready.length < 2) continue;
      const of = [ready.pop()!, ready.shift()!] as const;
      const fn = binary[link.binary % binary.length]!;
      ready.unshift(push({ kind: "binary", function: fn, of: link.offset % 2 === 0 ? of : [of[1], of[0]] }));
    }
    while (ready.length > 1)
      ready.unshift(push({ kind: "binary", function: "add", of: [ready.pop()!, ready.shift()!] }));
    if (end !== undefined)
      push({ kind: "quantize", of: ready[0]!, scale: scaleAt, zeroPoint: zeroAt, dtype: end });
    return { tensors, constants, steps };
  });

test("equals its steps as kernels of their own, bit for bit", async () => {
  await fc.assert(
    fc.asyncProperty(chains, async ({ tensors, constants, steps }) => {
      const [y] = await chain(tensors, constants, steps);
      const expected = await apart(tensors, constants, steps);
      expectSame(y, expected);
    }),
    { numRuns: 60 },
  );
});
