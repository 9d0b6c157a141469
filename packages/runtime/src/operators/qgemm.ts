/** QGemm (com.microsoft): alpha * A' * B' + C on 8-bit codes, with codes or float32 as the result. */
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { getFloat, getInt } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import { codedWeights, multipliers, requantize, scaleWeight } from "./coded-weights.ts";
import { binary } from "./emit.ts";
import { staticLinear } from "./integer-matmul.ts";
import { integerMatrixProduct } from "./integer-sums.ts";
import { cast, transpose } from "./moves.ts";
import { constantIf, converted, isKnown, perChannel, scalarWeight, transposed } from "./weights.ts";

/** Inputs: A, its scale and zero point, B likewise, C in int32, the result's scale and zero point. */
export const qGemm: Operator = (context) => {
  const { node } = context;
  const alpha = getFloat(node, "alpha", 1);
  const given = context.input(0);
  const a = getInt(node, "transA", 0) === 0 ? given : transpose(context, given, [1, 0]);
  const b = context.input(3);
  const isRows = getInt(node, "transB", 0) !== 0;
  const channels = b.type.shape[isRows ? 0 : 1] ?? 0;
  const [aScale, aZero, bScale, bZero] = [1, 2, 4, 5].map((index) => constantIf(context, index));
  const [yScale, yZero] = [constantIf(context, 7), constantIf(context, 8)];
  const c = context.inputs[6];
  if (aScale === undefined || bScale === undefined) return context.fail("needs a scale for each operand");
  const output = yScale === undefined ? "float32" : (yZero?.dtype ?? a.type.dtype);
  if (output !== "float32" && output !== "uint8" && output !== "int8")
    return context.fail(`makes codes of ${output}`);

  if (isKnown(b) && (c === undefined || (isKnown(c) && isRow(c.type.shape, channels)))) {
    const weight = isRows ? b.constant : transposed(context, b.constant);
    const coded = codedWeights(context, weight, bScale, bZero);
    const others = {
      ...(isKnown(c) && { bias: perChannel(context, c.constant, channels, "C") }),
      ...(yScale && { outputScale: scaleWeight(context, yScale, "output scale") }),
      ...(yScale && yZero && { outputZeroPoint: scalarWeight(context, yZero, "output zero point") }),
    };
    return [staticLinear(context, a, coded, scaled(context, aScale, alpha), aZero, output, others)];
  }
  const columns = isRows ? transpose(context, b, [1, 0]) : b;
  const product = integerMatrixProduct(context, a, columns, context.inputs[2], context.inputs[5]);
  const sums = c === undefined ? product : binary(context, "add", product, c);
  const factors = multipliers(context, aScale, converted(context, bScale, "float32"), yScale, alpha);
  if (yScale !== undefined && yZero !== undefined) return [requantize(context, sums, factors, 1, yZero)];
  return [binary(context, "mul", cast(context, sums, "float32"), context.known(factors))];
};

/** Whether a tensor is the same for every row of a matrix. */
function isRow(shape: readonly number[], channels: number): boolean {
  const count = elementCount(shape);
  return count === 1 || (count === channels && shape.at(-1) === channels);
}

/** A scale times a number, in float32. */
function scaled(context: Lowering, scale: HostTensor, alpha: number): HostTensor {
  if (alpha === 1) return scale;
  return context.derived(scale, `times ${alpha}`, () =>
    tensor(
      "float32",
      scale.shape,
      Array.from(valuesOf(scale), (value) => Math.fround(value * alpha)),
    ),
  );
}
