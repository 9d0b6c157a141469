/**
 * Products of float activations with weights that are stored as codes: what the pass for quantize/dequantize groups
 * makes of a DequantizeLinear before a Conv, Gemm or MatMul. Inputs: x, codes, scales, zero points, bias.
 */
import type { WeightedAttributes, WeightGranularity } from "@bitbudget/backend";
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { fusedActivation } from "./activation.ts";
import { conv2d, convShape, layoutOf } from "./conv.ts";
import { along, binary, unary } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { converted, isKnown, shaped } from "./weights.ts";

/**
 * What both linear and conv2d need to know of coded weights. The kernel adds the bias if that is known and one number
 * for each channel, and then does the activation; else `finish` does both.
 * @param reorder lays scales out as the kernel wants them
 */
function codedWeights(
  context: Lowering,
  granularity: WeightGranularity,
  channels: number,
  reorder: (scales: HostTensor) => HostTensor,
) {
  const { dtype } = context.constant(1);
  const zeroPoint = context.has(3) ? { zeroPoint: reorder(context.constant(3)) } : {};
  const activation = fusedActivation(context);
  const bias = context.inputs[4];
  const row = isKnown(bias) && bias.type.shape.join() === `${channels}` ? bias.constant : undefined;
  const isFused = bias === undefined || row !== undefined;
  const attributes: WeightedAttributes = {
    weight: { dtype, granularity, ...(context.has(3) && { zeroPoint: true }) },
    output: context.input(0).type.dtype,
    ...(row && { bias: "float32" as const }),
    ...(isFused && activation && { activation }),
  };
  const finish = (y: Value, place: (bias: Value) => Value = (given) => given): Value => {
    if (isFused) return y;
    const total = binary(context, "add", y, place(bias));
    return activation === undefined ? total : unary(context, activation, total);
  };
  const fused = row === undefined ? {} : { bias: converted(context, row, "float32") };
  return { attributes, weights: { scale: reorder(context.constant(2)), ...zeroPoint, ...fused }, finish };
}

const weightOnlyConv: Operator = (context) => {
  const x = context.input(0);
  const weight = context.constant(1);
  const layout = layoutOf(context);
  const shape = convShape(context, x.type, weight.shape, layout);
  const single = context.constant(2).data.length === 1;
  const granularity: WeightGranularity = { kind: single ? "tensor" : "channel" };
  const { attributes, weights, finish } = codedWeights(context, granularity, shape.channels, (scales) =>
    shaped(scales, single ? [] : [shape.channels]),
  );
  const y = conv2d(context, x, shape, attributes, { weight, ...weights });
  return [
    finish(y, (bias) => {
      const rank = y.type.shape.length;
      return along(context, bias, layout === "nchw" ? 1 : rank - 1, rank);
    }),
  ];
};

/** @param rowMajor whether the matrix is [n, k] as the kernel has it, rather than [k, n] */
function weightOnlyLinear(context: Lowering, rowMajor: boolean): Value {
  const x = context.input(0);
  const codes = context.constant(1);
  const weight = rowMajor ? codes : transposedCodes(context, codes);
  const channels = weight.shape[0] ?? 0;
  const size = getInt(context.node, "block_size", 0);
  const single = context.constant(2).data.length === 1;
  const granularity: WeightGranularity =
    size > 0 ? { kind: "block", size } : { kind: single ? "tensor" : "channel" };
  const reorder = (scales: HostTensor): HostTensor => {
    if (size > 0) return rowMajor ? scales : transposedCodes(context, scales);
    return shaped(scales, single ? [] : [channels]);
  };
  const { attributes, weights, finish } = codedWeights(context, granularity, channels, reorder);
  const y = context.kernel({ op: "linear", inputs: [x.type], attributes: { ...attributes, channels } }, [x], {
    weight,
    ...weights,
  });
  return finish(y);
}

/** Columns as rows, in the same format, packed or not. */
function transposedCodes(context: Lowering, matrix: HostTensor): HostTensor {
  const [rows = 0, columns = 0] = matrix.shape;
  return context.derived(matrix, "transposed codes", () => {
    const values = valuesOf(matrix);
    const turned = values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? 0);
    return tensor(matrix.dtype, [columns, rows], turned);
  });
}

export const weightOnly: OperatorTable = {
  WeightOnlyConv: weightOnlyConv,
  WeightOnlyMatMul: (context) => [weightOnlyLinear(context, false)],
  WeightOnlyGemm: (context) => [weightOnlyLinear(context, getInt(context.node, "transB", 0) === 1)],
};
