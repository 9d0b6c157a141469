/** elementwise: a chain of functions, which is what a program is. */
import { definitionOf, type ElementwiseStep, type KernelRow } from "@bitbudget/backend";
import { decodeArray, dtypes, elementCount } from "@bitbudget/core";
import * as code from "../codes.ts";
import { formatCode } from "../elementwise/formats.ts";
import { ProgramBuilder, type Strip } from "../elementwise/program.ts";
import { addSumOfCodes } from "../elementwise/sum-of-codes.ts";
import { functionCode } from "../functions.ts";
import { wasmKernel } from "../kernel.ts";
import { binaryCodes } from "./binary.ts";

const formats = ["float32", "uint8", "int8"] as const;

export const elementwise = wasmKernel<"elementwise">({
  rows: formats.flatMap((activation) =>
    formats.map((output): KernelRow => ({ activation, output, arithmetic: "native" })),
  ),
  refuse({ attributes: { steps } }) {
    for (const step of steps)
      if (step.kind === "unary" && functionCode(step.function) === undefined)
        return `no ${step.function.fn} with these parameters`;
    return undefined;
  },
  compile(context, spec, { constants }, owned) {
    const program = new ProgramBuilder(definitionOf(spec).outputs(spec)[0]!);
    const numbers =
      constants === undefined
        ? []
        : decodeArray(constants.dtype, constants.data, elementCount(constants.shape));
    if (!addSumOfCodes(program, spec, numbers)) {
      const values = spec.inputs.map((type, i) => program.input(i, type));
      for (const constant of numbers) values.push(program.number(constant));
      for (const step of spec.attributes.steps) values.push(addStep(program, step, values, spec.inputs));
    }
    return program.build(context, owned);
  },
});

function addStep(
  program: ProgramBuilder,
  step: ElementwiseStep,
  values: readonly Strip[],
  inputs: readonly { readonly dtype: keyof typeof dtypes }[],
): Strip {
  switch (step.kind) {
    case "unary": {
      const { fn, alpha, beta } = functionCode(step.function)!;
      return program.step(code.UNARY, fn, [values[step.of]!], { alpha, beta });
    }
    case "binary":
      return program.step(
        code.BINARY,
        binaryCodes[step.function],
        step.of.map((value) => values[value]!),
      );
    case "dequantize": {
      const operands = [step.of, step.scale, step.zeroPoint].map((value) => values[value]!);
      return program.step(code.DEQUANTIZE, formatCode(inputs[step.of]!.dtype), operands);
    }
    case "quantize": {
      const operands = [step.of, step.scale, step.zeroPoint].map((value) => values[value]!);
      const { min, max } = dtypes[step.dtype];
      const options = { bits: 8, alpha: min, beta: max };
      return program.step(code.QUANTIZE, formatCode(step.dtype), operands, options);
    }
  }
}
