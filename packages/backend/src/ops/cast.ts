/** cast: the same numbers in another format (ONNX Cast). */
import { type DType, dtypes } from "@bitbudget/core";
import { exact } from "../tolerance.ts";
import { check, checkInputCount, input, type OpDefinition, size } from "./definition.ts";

export interface CastAttributes {
  readonly to: DType;
  /**
   * What is too large for a float8 or float4 becomes the largest value (default), else infinity or NaN. Wider floats
   * become infinite either way, and floats that no integer can hold saturate; integers wrap, as in C.
   */
  readonly saturate?: boolean;
}

export const cast: OpDefinition<"cast"> = {
  op: "cast",
  summary: "the same numbers in another format",
  onnx: ["Cast", "CastLike"],
  outputs(spec) {
    checkInputCount(spec, 1);
    const { to } = spec.attributes;
    check(Object.hasOwn(dtypes, to), spec, "attributes.to", `is unknown: ${to}`);
    return [{ dtype: to, shape: input(spec).shape }];
  },
  operands: (spec) => ({ activation: input(spec).dtype, output: spec.attributes.to }),
  operations: (spec) => size(input(spec).shape),
  tolerance: () => exact,
};
