/** Products of matrices of 8-bit codes: MatMulInteger, QLinearMatMul and the forms with a float result. */
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { type CodedWeights, codedWeights, inputZero, scaleWeight } from "./coded-weights.ts";
import { isZero, quantizeByParts } from "./codes.ts";
import { binary, binaryNumber, isFloat, number, reduce } from "./emit.ts";
import { asMatrices, matrixProduct } from "./matmul.ts";
import { cast } from "./moves.ts";
import { constantIf, converted, isKnown, perChannel, scalarWeight, transposed, zero } from "./weights.ts";

export const matMulInteger: Operator = (context) => [
  integerMatrixProduct(context, context.input(0), context.input(1), context.inputs[2], context.inputs[3]),
];

/** The int32 sums of (a - aZero) * (b - bZero). Zero points may be one number, one for each row of a or column of b. */
export function integerMatrixProduct(
  context: Lowering,
  a: Value,
  b: Value,
  aZero: Value | undefined,
  bZero: Value | undefined,
): Value {
  return asMatrices(context, a, b, (left, right) => {
    const rows = isZero(aZero) ? undefined : aZero;
    const columns = isZero(bZero) ? undefined : bZero;
    if (isKnown(right) && right.type.shape.length === 2 && (columns === undefined || isKnown(columns)))
      return linearSums(context, left, transposed(context, right.constant), rows, columns?.constant);
    if (isScalar(rows) && isScalar(columns)) {
      const weights = {
        aZeroPoint: inputZero(context, rows?.constant, left.type.dtype),
        bZeroPoint: inputZero(context, columns?.constant, right.type.dtype),
      };
      return integerMatmul(context, left, right, "int32", weights);
    }
    return correctedSums(context, left, right, rows, columns);
  });
}

/** A zero point that a kernel can take: none, or one known number. */
function isScalar(zeroPoint: Value | undefined): boolean {
  return zeroPoint === undefined || (isKnown(zeroPoint) && elementCount(zeroPoint.type.shape) === 1);
}

/** Sums with a constant matrix of rows [n, k]. */
function linearSums(
  context: Lowering,
  x: Value,
  weight: HostTensor,
  xZero: Value | undefined,
  weightZero: HostTensor | undefined,
): Value {
  const { format, weights } = codedWeights(context, weight, undefined, weightZero);
  const [channels = 0] = weight.shape;
  const inKernel = isScalar(xZero);
  const inputZeroPoint = inputZero(context, inKernel ? xZero?.constant : undefined, x.type.dtype);
  const attributes = { channels, weight: format, output: "int32" } as const;
  const sums = context.kernel({ op: "linear", inputs: [x.type], attributes }, [x], {
    ...weights,
    inputZeroPoint,
  });
  if (inKernel || xZero === undefined) return sums;
  // A zero point that only a run knows: sum((x - z) * w) = sum(x * w) - z * sum(w).
  const totals = context.known(rowTotals(context, weight, weightZero));
  return binary(context, "sub", sums, binary(context, "mul", byRow(context, xZero), totals));
}

/** The sum of each row of a constant matrix, its codes taken less their zero points. */
function rowTotals(context: Lowering, weight: HostTensor, zeroPoint: HostTensor | undefined): HostTensor {
  const zeros = zeroPoint === undefined ? [0] : Array.from(valuesOf(zeroPoint));
  return context.derived(weight, `row totals less ${zeros.join()}`, () => {
    const [rows = 0, length = 0] = weight.shape;
    const totals = new Float64Array(rows);
    const codes = valuesOf(weight);
    for (let row = 0, i = 0; row < rows; row++)
      for (let k = 0; k < length; k++, i++) totals[row]! += codes[i]! - (zeros[row] ?? zeros[0]!);
    return tensor("int32", [rows], totals);
  });
}

/** sum((a - z) * (b - y)) = sum(a * b) - z * sum(b) - y * sum(a) + k * z * y, each term broadcast to all sums. */
function correctedSums(
  context: Lowering,
  a: Value,
  b: Value,
  aZero: Value | undefined,
  bZero: Value | undefined,
): Value {
  const weights = { aZeroPoint: zero(a.type.dtype), bZeroPoint: zero(b.type.dtype) };
  let sums = integerMatmul(context, a, b, "int32", weights);
  const total = (value: Value, fromEnd: number) =>
    reduce(context, "sum", cast(context, value, "int32"), [value.type.shape.length - fromEnd]);
  const z = aZero && byRow(context, aZero);
  const y = bZero && byColumn(context, bZero);
  if (z !== undefined) sums = binary(context, "sub", sums, binary(context, "mul", z, total(b, 2)));
  if (y !== undefined) sums = binary(context, "sub", sums, binary(context, "mul", y, total(a, 1)));
  if (z === undefined || y === undefined) return sums;
  const both = binaryNumber(context, "mul", binary(context, "mul", z, y), a.type.shape.at(-1) ?? 0);
  return binary(context, "add", sums, both);
}

/** Numbers of the rows of the left matrix, in int32 or float32 as they are, as a column: [m] is [m, 1]. */
function byRow(context: Lowering, value: Value): Value {
  const { dtype, shape } = value.type;
  const numbers = isFloat(dtype) ? value : cast(context, value, "int32");
  if (elementCount(shape) === 1) return context.reshape(numbers, []);
  return shape.length === 1 ? context.reshape(numbers, [...shape, 1]) : numbers;
}

function byColumn(context: Lowering, value: Value): Value {
  const { dtype, shape } = value.type;
  const numbers = isFloat(dtype) ? value : cast(context, value, "int32");
  return elementCount(shape) === 1 ? context.reshape(numbers, []) : numbers;
}

type MatmulParts = { readonly aZeroPoint: HostTensor; readonly bZeroPoint: HostTensor } & {
  readonly [name in "aScale" | "bScale" | "outputScale" | "outputZeroPoint"]?: HostTensor;
};

function integerMatmul(
  context: Lowering,
  a: Value,
  b: Value,
  output: "int32" | "float32" | "uint8" | "int8",
  weights: MatmulParts,
): Value {
  return context.kernel({ op: "matmul", inputs: [a.type, b.type], attributes: { output } }, [a, b], weights);
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
  const [channels = 0] = weight.shape;
  const { format, weights } = codedWeights(context, weight, context.constant(2), constantIf(context, 3));
  const fused = isKnown(bias) ? rowBias(context, bias, weight) : {};
  const attributes = {
    channels,
    weight: format,
    output: "float32",
    dynamic: { dtype: "uint8", granularity: "tensor" },
    ...(isKnown(bias) && { bias: "float32" as const }),
  } as const;
  const y = context.kernel({ op: "linear", inputs: [a.type], attributes }, [a], { ...weights, ...fused });
  return [bias === undefined || isKnown(bias) ? y : binary(context, "add", y, bias)];
};

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
