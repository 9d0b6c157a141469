/** requantize: codes or int32 sums to codes of another scale. Numbers in steps of the new scale are quantized with scale 1. */
import type { KernelRow } from "@bitbudget/backend";
import { dtypes } from "@bitbudget/core";
import * as code from "../codes.ts";
import { formatCode } from "../elementwise/formats.ts";
import { ProgramBuilder } from "../elementwise/program.ts";
import { groupOperand } from "../elementwise/scales.ts";
import { wasmKernel } from "../kernel.ts";

const ofTensor = { kind: "tensor" } as const;

export const requantize = wasmKernel<"requantize">({
  rows: (["int32", "int8", "uint8"] as const).flatMap((activation) =>
    (["int8", "uint8"] as const).map((output): KernelRow => ({ activation, output, arithmetic: "native" })),
  ),
  compile(context, { inputs: [input], attributes: { dtype, granularity } }, weights, owned) {
    const { dtype: from, shape } = input!;
    const program = new ProgramBuilder({ dtype, shape });
    const x = program.input(0, input!);
    const scale = groupOperand(program, owned, weights.scale, shape, granularity);
    const inputZeroPoint = groupOperand(program, owned, weights.inputZeroPoint, shape, ofTensor, from);
    const steps = program.step(code.DEQUANTIZE, formatCode(from), [x, scale, inputZeroPoint]);
    const zeroPoint = groupOperand(program, owned, weights.zeroPoint, shape, ofTensor);
    const { min, max } = dtypes[dtype];
    const options = { bits: 8, alpha: min, beta: max };
    program.step(code.QUANTIZE, formatCode(dtype), [steps, program.number(1), zeroPoint], options);
    return program.build(context, owned);
  },
});
