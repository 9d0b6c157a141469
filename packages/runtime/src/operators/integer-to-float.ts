/** Products of matrices of 8-bit codes with float results (com.microsoft MatMulIntegerToFloat, DynamicQuantizeMatMul). */
import { elementCount, type HostTensor } from "@bitbudget/core";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { type CodedWeights, codedWeights } from "./coded-weights.ts";
import { binary } from "./emit.ts";
import { staticLinear } from "./integer-matmul.ts";
import { byColumn, byRow, integerMatrixProduct, isScalar } from "./integer-sums.ts";
import { cast } from "./moves.ts";
import { constantIf, converted, isKnown, perChannel, transposed } from "./weights.ts";

/** Inputs: a, b, their scales, their zero points, bias (com.microsoft). */
export const matMulIntegerToFloat: Operator = (context) => {
  const [a, b, aScale, bScale] = [context.input(0), context.input(1), context.input(2), context.input(3)];
  const [aZero, bZero, bias] = [context.inputs[4], context.inputs[5], context.inputs[6]];
  const output = aScale.type.dtype === "float16" ? "float16" : "float32";
  const isStatic = [b, aScale, bScale, aZero, bZero, bias].every(
    (value) => value === undefined || isKnown(value),
  );
  const isMatrix = a.type.shape.length > 0 && b.type.shape.length === 2;
  if (isStatic && isMatrix && isScalar(aZero) && elementCount(aScale.type.shape) === 1) {
    const weight = transposed(context, context.constant(1));
    const coded = codedWeights(context, weight, context.constant(3), constantIf(context, 5));
    const row = rowBias(context, bias, weight);
    return [staticLinear(context, a, coded, context.constant(2), constantIf(context, 4), output, row)];
  }
  const sums = cast(context, integerMatrixProduct(context, a, b, aZero, bZero), "float32");
  const wide = (value: Value) => cast(context, value, "float32");
  const scale = binary(context, "mul", byRow(context, wide(aScale)), byColumn(context, wide(bScale)));
  const scaled = binary(context, "mul", sums, scale);
  const total = bias === undefined ? scaled : binary(context, "add", scaled, wide(bias));
  return [cast(context, total, output)];
};

/** Inputs: a in float32, b, its scales and zero points, bias (com.microsoft). */
export const dynamicQuantizeMatMul: Operator = (context) => {
  const a = context.input(0);
  const bias = context.inputs[4];
  const weight = transposed(context, context.constant(1));
  const coded = codedWeights(context, weight, context.constant(2), constantIf(context, 3));
  const y = dynamicLinear(context, a, coded, rowBias(context, bias, weight).bias);
  return [bias === undefined || isKnown(bias) ? y : binary(context, "add", y, bias)];
};

/** Floats, quantized together while the model runs, times codes. bias: [channels], float32 */
export function dynamicLinear(
  context: Lowering,
  x: Value,
  { format, weights }: CodedWeights,
  bias: HostTensor | undefined,
): Value {
  const [channels = 0] = weights.weight.shape;
  const attributes = {
    channels,
    weight: format,
    output: "float32",
    dynamic: { dtype: "uint8", granularity: "tensor" },
    ...(bias && { bias: "float32" as const }),
  } as const;
  const spec = { op: "linear", inputs: [x.type], attributes } as const;
  return context.kernel(spec, [x], { ...weights, ...(bias && { bias }) });
}

/** A constant bias in float32, one number for each row of the weight. */
function rowBias(
  context: Lowering,
  bias: Value | undefined,
  weight: HostTensor,
): { readonly bias?: HostTensor } {
  if (!isKnown(bias)) return {};
  const row = converted(context, bias.constant, "float32");
  return { bias: perChannel(context, row, weight.shape[0] ?? 0, "bias") };
}
