/** Gated activations of feed-forward layers. */
import { getFloat } from "@bitbudget/onnx";
import { binary, unary } from "./emit.ts";
import type { OperatorTable } from "./index.ts";

export const gated: OperatorTable = {
  /** Swish of the gate times the value (Shazeer 2020). */
  SwiGLU: (context) => {
    const [gate, value] = [context.input(0), context.input(1)];
    if (gate.type.shape.join() !== value.type.shape.join())
      context.fail(
        `multiplies tensors of one shape, not [${gate.type.shape.join(", ")}] and [${value.type.shape.join(", ")}]`,
      );
    const swish = unary(context, { fn: "swish", alpha: getFloat(context.node, "alpha", 1) }, gate);
    return [binary(context, "mul", swish, value)];
  },
};
