/** lookup: 8-bit codes to 8-bit codes by a table, which is any function between a dequantize and a quantize, exactly. */
import type { DType } from "@bitbudget/core";
import { exact } from "../tolerance.ts";
import { checkDtype, checkInputCount, input, type OpDefinition, size } from "./definition.ts";

export interface LookupAttributes {
  /** Format of the table and of the result. */
  readonly output: "uint8" | "int8";
}

/** [256], in the order of the input's bytes: of int8 codes 0 to 127 come first, then -128 to -1. */
export type LookupWeights = "table";

const codes: readonly DType[] = ["uint8", "int8"];

export const lookup: OpDefinition<"lookup"> = {
  op: "lookup",
  summary: "codes to codes by a table",
  onnx: ["com.microsoft.QLinearSigmoid", "com.microsoft.QLinearLeakyRelu"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { dtype, shape } = input(spec);
    checkDtype(spec, "inputs[0].dtype", dtype, codes);
    checkDtype(spec, "attributes.output", spec.attributes.output, codes);
    return [{ dtype: spec.attributes.output, shape }];
  },
  weights: ({ attributes: { output } }) => ({ table: { dtype: output, shape: [256] } }),
  operands: (spec) => ({ activation: input(spec).dtype, output: spec.attributes.output }),
  operations: (spec) => size(input(spec).shape),
  tolerance: () => exact,
};
