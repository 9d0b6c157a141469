/** Gradients of pools. */
import { elementCount } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import { extreme } from "./reductions.ts";
import type { Backward, GradientRule, GradientTable } from "./rule.ts";
import { autoPad, windowFields } from "./windows.ts";

/** @param operands of the internal operator, which is of images with one or two spatial axes */
function pool(
  opType: "MaxPoolGrad" | "AveragePoolGrad",
  operands: (b: Backward) => Parameters<Backward["ops"]["internal"]>[1],
): GradientRule {
  return (b) => {
    const x = b.input(0);
    const axes = x.shape.length - 2;
    if (axes > 2) b.fail(`it has ${axes} spatial axes; gradients are those of one or two`);
    const attributes = {
      ...windowFields(b.node),
      ...autoPad(b.node),
      ceil_mode: BigInt(getInt(b.node, "ceil_mode", 0)),
      ...(opType === "AveragePoolGrad" && {
        count_include_pad: BigInt(getInt(b.node, "count_include_pad", 0)),
        input_shape: x.shape.slice(2).map(BigInt),
      }),
    };
    return [b.ops.internal(opType, operands(b), x, attributes)];
  };
}

const spatialAxes = (b: Backward) => b.input(0).shape.flatMap((_, axis) => (axis >= 2 ? [axis] : []));

export const pools: GradientTable = {
  // To the first largest element of each window.
  MaxPool: pool("MaxPoolGrad", (b) => [b.input(0), b.dy]),
  AveragePool: pool("AveragePoolGrad", (b) => [b.dy]),
  GlobalAveragePool: (b) => {
    const { shape } = b.input(0);
    return [b.ops.expand(b.ops.scale(b.dy, 1 / elementCount(shape.slice(2))), shape)];
  },
  GlobalMaxPool: (b) => [extreme(b, spatialAxes(b))],
};
