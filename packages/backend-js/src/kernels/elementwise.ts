/** elementwise: the steps of a chain one after the other, on one row of elements at a time. */
import {
  broadcastStrides,
  definitionOf,
  type ElementwiseStep,
  type KernelRow,
  quantizeNumber,
} from "@bitbudget/backend";
import { type DType, dtypes, strides } from "@bitbudget/core";
import { binaryFunction } from "../binary-functions.ts";
import { keep, load } from "../elements.ts";
import { unaryFunction } from "../functions.ts";
import type { JsKernel, Numbers } from "../kernel.ts";
import { rowsOf } from "../rows.ts";

const formats = ["float32", "uint8", "int8"] as const satisfies readonly DType[];

export const elementwise: JsKernel<"elementwise"> = {
  rows: formats.flatMap((activation) =>
    formats.map((output): KernelRow => ({ activation, output, arithmetic: "native" })),
  ),

  prepare(_, spec, weights) {
    const { inputs, attributes } = spec;
    const { dtype, shape } = definitionOf(spec).outputs(spec)[0]!;
    const rows = rowsOf(
      shape,
      strides(shape),
      ...inputs.map((input) => broadcastStrides(input.shape, shape)),
    );
    const constants = attributes.constants === 0 ? new Float32Array() : keep(weights.constants);
    // A row of each value: float32 rounds what a step writes to it.
    const values: Numbers[] = [
      ...inputs.map(() => new Float32Array(rows.length)),
      ...Array.from(constants, (constant) => new Float32Array(rows.length).fill(constant)),
      ...attributes.steps.map(() => new Float32Array(rows.length)),
    ];
    const first = inputs.length + constants.length;
    const steps = attributes.steps.map((step) => compile(step, values));
    const result = values.at(-1)!;
    return {
      bytes: constants.byteLength,
      run(operands, [y]) {
        const given = operands.map((operand, k) => load(operand, inputs[k]!));
        const out = load(y!, { dtype, shape });
        rows.forEach(([start, ...starts]) => {
          for (const [k, numbers] of given.entries()) {
            const [from, step, row] = [starts[k]!, rows.steps[k + 1]!, values[k]!];
            for (let i = 0; i < rows.length; i++) row[i] = numbers[from + i * step]!;
          }
          for (const [k, step] of steps.entries()) {
            const row = values[first + k]!;
            for (let i = 0; i < rows.length; i++) row[i] = step(i);
          }
          for (let i = 0; i < rows.length; i++) out[start! + i * rows.steps[0]!] = result[i]!;
        });
      },
    };
  },
};

/** What a step makes of the i-th elements of the rows. */
function compile(step: ElementwiseStep, values: readonly Numbers[]): (i: number) => number {
  switch (step.kind) {
    case "unary": {
      const [f, x] = [unaryFunction(step.function), values[step.of]!];
      return (i) => f(x[i]!);
    }
    case "binary": {
      const f = binaryFunction(step.function, "float32");
      const [a, b] = [values[step.of[0]]!, values[step.of[1]]!];
      return (i) => f(a[i]!, b[i]!);
    }
    case "dequantize": {
      const [x, scale, zeroPoint] = [values[step.of]!, values[step.scale]!, values[step.zeroPoint]!];
      return (i) => Math.fround(x[i]! - zeroPoint[i]!) * scale[i]!;
    }
    case "quantize": {
      const [x, scale, zeroPoint] = [values[step.of]!, values[step.scale]!, values[step.zeroPoint]!];
      const range = dtypes[step.dtype];
      return (i) => quantizeNumber(x[i]!, scale[i]!, zeroPoint[i]!, range);
    }
  }
}
