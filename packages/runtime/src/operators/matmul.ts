/** MatMul and Gemm: a constant right-hand matrix makes a linear kernel with packed weights, anything else a matmul. */
import type { UnaryFunction, WeightedAttributes } from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import { getFloat, getInt } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { fusedActivation } from "./activation.ts";
import { binary, binaryNumber, isFloat, reduce, unary } from "./emit.ts";
import { transpose } from "./moves.ts";
import { converted, isKnown, shaped, transposed } from "./weights.ts";

/** x [..., k] times the rows of a constant [n, k], plus a row of n, through an activation. */
export function floatLinear(
  context: Lowering,
  x: Value,
  weight: HostTensor,
  bias?: HostTensor,
  activation?: UnaryFunction,
): Value {
  const [channels = 0] = weight.shape;
  const attributes: WeightedAttributes = {
    weight: { dtype: weight.dtype },
    output: x.type.dtype,
    ...(bias && { bias: "float32" as const }),
    ...(activation && { activation }),
  };
  const weights =
    bias === undefined
      ? { weight }
      : { weight, bias: shaped(converted(context, bias, "float32"), [channels]) };
  return context.kernel(
    { op: "linear", inputs: [x.type], attributes: { ...attributes, channels } },
    [x],
    weights,
  );
}

/** The product of the last two axes, as numpy.matmul has it: vectors are rows on the left and columns on the right. */
export function matrixProduct(context: Lowering, a: Value, b: Value): Value {
  return asMatrices(context, a, b, (left, right) => {
    if (!isFloat(left.type.dtype)) return integerProduct(context, left, right);
    if (isKnown(right) && right.type.shape.length === 2 && right.type.shape[1] !== 0)
      return floatLinear(context, left, transposed(context, right.constant));
    return matmul(context, left, right);
  });
}

/** Calls `multiply` with operands of at least two axes, and takes the axes of vectors off the result again. */
export function asMatrices(
  context: Lowering,
  a: Value,
  b: Value,
  multiply: (a: Value, b: Value) => Value,
): Value {
  const [aShape, bShape] = [a.type.shape, b.type.shape];
  if (aShape.length === 0 || bShape.length === 0) context.fail("multiplies matrices or vectors, not scalars");
  const left = aShape.length === 1 ? context.reshape(a, [1, ...aShape]) : a;
  const right = bShape.length === 1 ? context.reshape(b, [...bShape, 1]) : b;
  const [k, depth] = [left.type.shape.at(-1), right.type.shape.at(-2)];
  if (k !== depth)
    context.fail(`multiplies [${aShape.join(", ")}] by [${bShape.join(", ")}], whose inner lengths differ`);
  const y = multiply(left, right);
  const { shape } = y.type;
  const rows = aShape.length === 1 ? [] : shape.slice(-2, -1);
  const columns = bShape.length === 1 ? [] : shape.slice(-1);
  return context.reshape(y, [...shape.slice(0, -2), ...rows, ...columns]);
}

export function matmul(context: Lowering, a: Value, b: Value, transposeA = false, transposeB = false): Value {
  const attributes = { output: a.type.dtype, transposeA, transposeB };
  return context.kernel({ op: "matmul", inputs: [a.type, b.type], attributes }, [a, b]);
}

/** Integers of 32 and 64 bits have no kernel of their own: all products, [..., m, k, n], summed over k. */
function integerProduct(context: Lowering, a: Value, b: Value): Value {
  const [aShape, bShape] = [a.type.shape, b.type.shape];
  const left = context.reshape(a, [...aShape, 1]);
  const right = context.reshape(b, bShape.toSpliced(-2, 0, 1));
  const products = binary(context, "mul", left, right);
  return reduce(context, "sum", products, [products.type.shape.length - 2], false);
}

/** alpha * A' * B' + beta * C, A' and B' transposed or not. */
export const gemm: Operator = (context) => {
  const { node } = context;
  const [a, b] = [context.input(0), context.input(1)];
  if (a.type.shape.length !== 2 || b.type.shape.length !== 2)
    context.fail(`multiplies matrices, not [${a.type.shape.join(", ")}] by [${b.type.shape.join(", ")}]`);
  const [alpha, beta] = [getFloat(node, "alpha", 1), getFloat(node, "beta", 1)];
  const [transposeA, transposeB] = [getInt(node, "transA", 0) !== 0, getInt(node, "transB", 0) !== 0];
  const activation = fusedActivation(context);
  const c = beta === 0 ? undefined : context.inputs[2];
  const channels = b.type.shape[transposeB ? 0 : 1] ?? 0;

  const { dtype } = a.type;
  if (isFloat(dtype) && isKnown(b) && channels > 0) {
    const weight = transposeB ? b.constant : transposed(context, b.constant);
    const x = transposeA ? transpose(context, a, [1, 0]) : a;
    const row =
      alpha === 1 && beta === 1 && isKnown(c) && dtype !== "float64"
        ? rowOf(c.constant, channels)
        : undefined;
    if (row !== undefined || (c === undefined && alpha === 1))
      return [floatLinear(context, x, weight, row, activation)];
    return [finish(context, floatLinear(context, x, weight), alpha, beta, c, activation)];
  }
  const product = isFloat(dtype)
    ? matmul(context, a, b, transposeA, transposeB)
    : integerProduct(
        context,
        transposeA ? transpose(context, a, [1, 0]) : a,
        transposeB ? transpose(context, b, [1, 0]) : b,
      );
  return [finish(context, product, alpha, beta, c, activation)];
};

/** A constant that is the same for every row of a matrix of n columns, as [n]; undefined for any other. */
function rowOf(c: HostTensor, channels: number): HostTensor | undefined {
  const isRow = c.shape.at(-1) === channels && c.shape.slice(0, -1).every((length) => length === 1);
  return isRow ? c : undefined;
}

function finish(
  context: Lowering,
  product: Value,
  alpha: number,
  beta: number,
  c: Value | undefined,
  activation: UnaryFunction | undefined,
): Value {
  if (!isFloat(product.type.dtype) && (alpha % 1 !== 0 || beta % 1 !== 0))
    context.fail(`scales integers by alpha ${alpha} and beta ${beta}, which are no integers`);
  const scaled = alpha === 1 ? product : binaryNumber(context, "mul", product, alpha);
  const added = c === undefined || beta === 1 ? c : binaryNumber(context, "mul", c, beta);
  const total = added === undefined ? scaled : binary(context, "add", scaled, added);
  return activation === undefined ? total : unary(context, activation, total);
}

/** MatMul with a constant matrix, a bias and an activation: what the passes make of the nodes for them. */
export const linear: Operator = (context) => {
  const [x, matrix] = [context.input(0), context.constant(1)];
  const activation = fusedActivation(context);
  const bias = context.inputs[2];
  const fuses = bias === undefined || (isKnown(bias) && x.type.dtype !== "float64");
  const fits = x.type.shape.length > 0 && x.type.shape.at(-1) === matrix.shape[0] && matrix.shape[1] !== 0;
  if (fuses && fits)
    return [floatLinear(context, x, transposed(context, matrix), bias?.constant, activation)];
  const product = matrixProduct(context, x, context.input(1));
  const total = bias === undefined ? product : binary(context, "add", product, bias);
  return [activation === undefined ? total : unary(context, activation, total)];
};

/** MatMul of operands that may be transposed, times alpha (com.microsoft FusedMatMul). */
export const fusedMatMul: Operator = (context) => {
  const { node } = context;
  if (getInt(node, "transBatchA", 0) !== 0 || getInt(node, "transBatchB", 0) !== 0)
    context.fail("transposes batch axes (transBatchA, transBatchB), which the runtime does not do");
  const [a, b] = [context.input(0), context.input(1)];
  // A vector has nothing to transpose.
  const turns = (x: Value, name: string) => getInt(node, name, 0) !== 0 && x.type.shape.length >= 2;
  const [transA, transB] = [turns(a, "transA"), turns(b, "transB")];
  const turned = (x: Value) => {
    const rank = x.type.shape.length;
    if (isKnown(x) && rank === 2) return context.known(transposed(context, x.constant));
    const perm = x.type.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
    return transpose(context, x, perm);
  };
  const areMatrices = a.type.shape.length >= 2 && b.type.shape.length >= 2;
  const product =
    isFloat(a.type.dtype) && areMatrices && !isKnown(b)
      ? matmul(context, a, b, transA, transB)
      : matrixProduct(context, transA ? turned(a) : a, transB ? turned(b) : b);
  const alpha = getFloat(node, "alpha", 1);
  return [alpha === 1 ? product : binaryNumber(context, "mul", product, alpha)];
};
