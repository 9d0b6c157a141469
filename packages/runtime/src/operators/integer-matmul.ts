/** Products of matrices of codes whose results are codes (QLinearMatMul). */
import { elementCount, type HostTensor } from "@bitbudget/core";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { type CodedWeights, codedWeights, inputZero, scaleWeight } from "./coded-weights.ts";
import { isZero, quantizeByParts } from "./codes.ts";
import { binary, isFloat, number } from "./emit.ts";
import { byColumn, byRow, integerMatmul, integerMatrixProduct } from "./integer-sums.ts";
import { asMatrices, matrixProduct } from "./matmul.ts";
import { cast } from "./moves.ts";
import { isKnown, scalarWeight, transposed } from "./weights.ts";

/** A linear kernel of 8-bit activations with one scale. */
export function staticLinear(
  context: Lowering,
  x: Value,
  { format, weights }: CodedWeights,
  scale: HostTensor,
  zeroPoint: HostTensor | undefined,
  output: "uint8" | "int8" | "float32" | "float16",
  others: {
    readonly outputScale?: HostTensor;
    readonly outputZeroPoint?: HostTensor;
    readonly bias?: HostTensor;
  },
): Value {
  const [channels = 0] = weights.weight.shape;
  const bias = others.bias?.dtype;
  const attributes = {
    channels,
    weight: format,
    output,
    ...((bias === "int32" || bias === "float32") && { bias }),
  };
  return context.kernel({ op: "linear", inputs: [x.type], attributes }, [x], {
    ...weights,
    inputScale: scaleWeight(context, scale, "input scale"),
    inputZeroPoint: inputZero(context, zeroPoint, x.type.dtype),
    ...others,
  });
}

/** Inputs: a, its scale and zero point, b likewise, the result's scale and zero point. */
export const qLinearMatMul: Operator = (context) => {
  const [a, b] = [context.input(0), context.input(3)];
  if (isFloat(a.type.dtype) || isFloat(b.type.dtype)) return [floatCodes(context, a, b)];
  const [aScale, aZero] = [context.constant(1), context.constant(2)];
  const [bScale, bZero] = [context.constant(4), context.constant(5)];
  const [yScale, yZero] = [context.constant(6), context.constant(7)];
  const output = yZero.dtype;
  if (output !== "uint8" && output !== "int8")
    return context.fail(`makes codes of ${output} from ${a.type.dtype}`);
  const one = (tensor: HostTensor) => elementCount(tensor.shape) === 1;
  if (![aScale, aZero, yScale, yZero].every(one)) return [byRowsAndColumns(context, a, b, output)];
  return [
    asMatrices(context, a, b, (left, right) => {
      const columns = right.type.shape.at(-1) ?? 0;
      const fits = [bScale, bZero].every((tensor) => one(tensor) || elementCount(tensor.shape) === columns);
      const result = {
        outputScale: scaleWeight(context, yScale, "output scale"),
        outputZeroPoint: scalarWeight(context, yZero, "output zero point"),
      };
      if (isKnown(right) && right.type.shape.length === 2 && fits) {
        const coded = codedWeights(context, transposed(context, right.constant), bScale, bZero);
        return staticLinear(context, left, coded, aScale, aZero, output, result);
      }
      if (!one(bScale) || !one(bZero)) return byRowsAndColumns(context, left, right, output);
      return integerMatmul(context, left, right, output, {
        aZeroPoint: scalarWeight(context, aZero, "zero point"),
        aScale: scaleWeight(context, aScale, "scale"),
        bZeroPoint: scalarWeight(context, bZero, "zero point"),
        bScale: scaleWeight(context, bScale, "scale"),
        ...result,
      });
    }),
  ];
};

/** QLinearMatMul with scales for each row or column, or each matrix: the steps one by one. */
function byRowsAndColumns(context: Lowering, a: Value, b: Value, output: "uint8" | "int8"): Value {
  const sums = integerMatrixProduct(context, a, b, context.input(2), context.input(5));
  const scales = [1, 4, 6].map((index) => cast(context, context.input(index), "float32"));
  const product = binary(context, "mul", byRow(context, scales[0]!), byColumn(context, scales[1]!));
  const factor = binary(context, "div", product, context.reshape(scales[2]!, []));
  const scaled = binary(context, "mul", cast(context, sums, "float32"), factor);
  return toCodes(context, scaled, context.input(7), output);
}

/** Products of float8 numbers, scaled. */
function floatCodes(context: Lowering, a: Value, b: Value): Value {
  const scaled = (value: Value, scale: Value, fit: (context: Lowering, value: Value) => Value) =>
    binary(context, "mul", cast(context, value, "float32"), fit(context, cast(context, scale, "float32")));
  const left = scaled(a, context.input(1), byRow);
  const right = scaled(b, context.input(4), byColumn);
  const product = matrixProduct(context, left, right);
  const quotient = binary(
    context,
    "div",
    product,
    context.reshape(cast(context, context.input(6), "float32"), []),
  );
  return toCodes(context, quotient, context.input(7), context.input(7).type.dtype);
}

/** Numbers in units of the result's scale as codes. */
function toCodes(context: Lowering, x: Value, zeroPoint: Value, dtype: HostTensor["dtype"]): Value {
  const scale = number(context, "float32", 1);
  const origin = isZero(zeroPoint) ? undefined : zeroPoint;
  return quantizeByParts(context, x, { granularity: { kind: "tensor" }, scale, zeroPoint: origin }, dtype);
}
