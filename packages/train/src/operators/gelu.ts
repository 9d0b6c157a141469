/** Activations of sums and products, as fused operators have them. */
import { getFloat } from "@bitbudget/onnx";
import type { OperatorTable, TrainingOperator } from "./operator.ts";

/** Gelu of x plus an optional bias. */
function biasedGelu(approximate: "none" | "tanh"): TrainingOperator {
  return ({ ops, inputs, input }) => {
    const x = inputs[1] === undefined ? input(0) : ops.add(input(0), inputs[1]);
    return [ops.unary("Gelu", x, { approximate })];
  };
}

export const gelus: OperatorTable = {
  "com.microsoft.BiasGelu": biasedGelu("none"),
  "com.microsoft.FastGelu": biasedGelu("tanh"),
  // Swish of the gate times the value (Shazeer 2020).
  SwiGLU: ({ ops, node, input }) => [
    ops.mul(ops.unary("Swish", input(0), { alpha: getFloat(node, "alpha", 1) }), input(1)),
  ],
};
