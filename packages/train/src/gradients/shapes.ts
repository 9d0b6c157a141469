/** Gradients of operators that give the same elements another shape or order. */
import { getInts } from "@bitbudget/onnx";
import type { GradientRule, GradientTable } from "./rule.ts";

const reshaped: GradientRule = ({ ops, dy, input }) => [ops.reshape(dy, input(0).shape)];

export const shapes: GradientTable = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: ({ ops, node, dy, input }) => {
    const { shape } = input(0);
    const perm = getInts(
      node,
      "perm",
      shape.map((_, axis) => shape.length - 1 - axis),
    );
    return [
      ops.transpose(
        dy,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
  Expand: ({ ops, dy, input }) => [ops.sumTo(dy, input(0).shape)],
};
