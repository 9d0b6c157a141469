/** QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear: kernels where scales are constants, else by parts. */
import type { DType, Granularity } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import {
  type Coding,
  codingOf,
  codingWeights,
  dequantizeByParts,
  type QuantizeOptions,
  quantizeByParts,
} from "./codes.ts";
import { dtypeAttribute } from "./constants.ts";
import { binary, binaryNumber, isFloat, number, reduce, unary, where } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { cast } from "./moves.ts";

/** An attribute of ONNX type numbers in which 0 means that it is not given. */
function optionalDtype(context: Lowering, name: string): DType | undefined {
  return getInt(context.node, name, 0) === 0 ? undefined : dtypeAttribute(context, name, "float32");
}

/** The coding in inputs 1 and 2 of the node. */
function inputCoding(context: Lowering): Coding {
  const { node } = context;
  const { shape } = context.input(0).type;
  const [axis, blockSize] = [getInt(node, "axis", 1), getInt(node, "block_size", 0)];
  return codingOf(context, shape, context.input(1), context.inputs[2], axis, blockSize);
}

export const quantizeLinear: Operator = (context) => {
  const dtype = context.inputs[2]?.type.dtype ?? optionalDtype(context, "output_dtype") ?? "uint8";
  // Narrow floats are divided in float32, as onnxruntime does, unless the node asks for less.
  const precision = optionalDtype(context, "precision") ?? "float32";
  const saturate = getInt(context.node, "saturate", 1) !== 0;
  const x = context.input(0);
  const numbers = isFloat(x.type.dtype) ? x : cast(context, x, "float32");
  return [quantize(context, numbers, inputCoding(context), dtype, { saturate, precision })];
};

/** Numbers as codes. */
export function quantize(
  context: Lowering,
  x: Value,
  coding: Coding,
  dtype: DType,
  options: QuantizeOptions = {},
): Value {
  const { saturate = true, precision = "float32" } = options;
  const weights = codingWeights(context, coding);
  const hasKernel = !isFloat(dtype) || (saturate && coding.zeroPoint === undefined);
  if (weights === undefined || !hasKernel || precision !== "float32")
    return quantizeByParts(context, x, coding, dtype, options);
  const attributes = {
    dtype,
    granularity: coding.granularity,
    zeroPoint: weights.zeroPoint !== undefined,
  };
  return context.kernel({ op: "quantize", inputs: [x.type], attributes }, [x], weights);
}

export const dequantizeLinear: Operator = (context) => {
  const dtype = optionalDtype(context, "output_dtype") ?? context.input(1).type.dtype;
  return [dequantize(context, context.input(0), inputCoding(context), dtype)];
};

/** Codes as numbers. */
export function dequantize(context: Lowering, codes: Value, coding: Coding, dtype: DType): Value {
  const weights = codingWeights(context, coding);
  const hasKernel = !isFloat(codes.type.dtype) || coding.zeroPoint === undefined;
  if (weights === undefined || !hasKernel) return dequantizeByParts(context, codes, coding, dtype);
  const attributes = {
    output: dtype,
    granularity: coding.granularity,
    zeroPoint: weights.zeroPoint !== undefined,
  };
  return context.kernel({ op: "dequantize", inputs: [codes.type], attributes }, [codes], weights);
}

/** A range that holds 0 in 255 steps; a tensor without a range has the scale 1, and NaN does not count in a range. */
export const dynamicQuantizeLinear: Operator = (context) => {
  const x = context.input(0);
  const axes = x.type.shape.map((_, axis) => axis);
  const numbers = where(context, unary(context, "isNaN", x), number(context, x.type.dtype, 0), x);
  const max = binaryNumber(context, "max", reduce(context, "max", numbers, axes, false), 0);
  const min = binaryNumber(context, "min", reduce(context, "min", numbers, axes, false), 0);
  const range = binary(context, "sub", max, min);
  const isPoint = binaryNumber(context, "equal", range, 0);
  const scale = where(
    context,
    isPoint,
    number(context, "float32", 1),
    binaryNumber(context, "div", range, 255),
  );
  const tensor: Granularity = { kind: "tensor" };
  const zeroPoint = quantizeByParts(
    context,
    unary(context, "neg", min),
    { granularity: tensor, scale, zeroPoint: undefined },
    "uint8",
  );
  return [quantizeByParts(context, x, { granularity: tensor, scale, zeroPoint }, "uint8"), scale, zeroPoint];
};

export const quantizers: OperatorTable = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
};
