/** where: elements of one tensor or the other, as a condition says. */
import { definitionOf } from "@bitbudget/backend";
import { type DType, dtypes } from "@bitbudget/core";
import * as code from "../codes.ts";
import { ProgramBuilder } from "../elementwise/program.ts";
import { wasmKernel } from "../kernel.ts";

/** Every format of whole bytes. */
const formats = Object.values(dtypes)
  .filter(({ bits }) => bits >= 8)
  .map(({ name }): DType => name);

export const where = wasmKernel<"where">({
  rows: formats.map((dtype) => ({ activation: dtype, output: dtype, arithmetic: "native" })),
  compile(context, spec, _, owned) {
    const output = definitionOf(spec).outputs(spec)[0]!;
    const { bits } = dtypes[output.dtype];
    const program = new ProgramBuilder(output);
    const operands = spec.inputs.map((type, i) => program.input(i, type));
    program.step(code.WHERE, Math.log2(bits / 8), operands, { bits });
    return program.build(context, owned);
  },
});
