/** The int32 sums of products of 8-bit codes (MatMulInteger): raw products, and what zero points take off them. */
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { codedWeights, inputZero } from "./coded-weights.ts";
import { isZero } from "./codes.ts";
import { binary, binaryNumber, isFloat, reduce } from "./emit.ts";
import { asMatrices } from "./matmul.ts";
import { cast } from "./moves.ts";
import { isKnown, transposed, zero } from "./weights.ts";

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
export function isScalar(zeroPoint: Value | undefined): boolean {
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
export function byRow(context: Lowering, value: Value): Value {
  const { dtype, shape } = value.type;
  const numbers = isFloat(dtype) ? value : cast(context, value, "int32");
  if (elementCount(shape) === 1) return context.reshape(numbers, []);
  return shape.length === 1 ? context.reshape(numbers, [...shape, 1]) : numbers;
}

export function byColumn(context: Lowering, value: Value): Value {
  const { dtype, shape } = value.type;
  const numbers = isFloat(dtype) ? value : cast(context, value, "int32");
  return elementCount(shape) === 1 ? context.reshape(numbers, []) : numbers;
}

type MatmulParts = { readonly aZeroPoint: HostTensor; readonly bZeroPoint: HostTensor } & {
  readonly [name in "aScale" | "bScale" | "outputScale" | "outputZeroPoint"]?: HostTensor;
};

export function integerMatmul(
  context: Lowering,
  a: Value,
  b: Value,
  output: "int32" | "float32" | "uint8" | "int8",
  weights: MatmulParts,
): Value {
  return context.kernel({ op: "matmul", inputs: [a.type, b.type], attributes: { output } }, [a, b], weights);
}
