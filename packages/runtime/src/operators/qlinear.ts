/**
 * Elementwise operators, pools and softmax on 8-bit codes (com.microsoft QLinear*), with onnxruntime's roundings. Scales
 * and zero points are constants.
 */
import { type DType, dtypes, encode, type HostTensor, tensor } from "@bitbudget/core";
import { getFloat, getInt, getInts } from "@bitbudget/onnx";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { axisOf } from "./axes.ts";
import { requantize } from "./coded-weights.ts";
import { axesFrom, binary, binaryNumber, reduce } from "./emit.ts";
import type { OperatorTable } from "./index.ts";
import { cast, concat, gather, transpose } from "./moves.ts";
import { overAxis, softmax } from "./normalization.ts";
import { averagePoolOf, poolKernel } from "./pool.ts";
import { scalarOf, zero } from "./weights.ts";
import { windowsOf } from "./windows.ts";

/** How codes stand for numbers: one scale and one zero point for the tensor. */
interface Code {
  readonly dtype: DType;
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The code in two inputs of the node, scale and zero point. */
function codeAt(context: Lowering, index: number, dtype: DType): Code {
  return {
    dtype,
    scale: context.scalar(index),
    zeroPoint: context.has(index + 1) ? context.scalar(index + 1) : 0,
  };
}

/** (codes - zero point) * scale in float32. */
function decode(context: Lowering, codes: Value, { dtype, scale, zeroPoint }: Code): Value {
  const attributes = { output: "float32", granularity: { kind: "tensor" }, zeroPoint: true } as const;
  return context.kernel({ op: "dequantize", inputs: [codes.type], attributes }, [codes], {
    scale: scalarOf(context, "float32", scale),
    zeroPoint: scalarOf(context, dtype, zeroPoint),
  });
}

/** saturate(round(x / scale) + zero point). */
function encodeValue(context: Lowering, x: Value, { dtype, scale, zeroPoint }: Code): Value {
  const attributes = { dtype, granularity: { kind: "tensor" }, zeroPoint: true } as const;
  return context.kernel({ op: "quantize", inputs: [x.type], attributes }, [x], {
    scale: scalarOf(context, "float32", scale),
    zeroPoint: scalarOf(context, dtype, zeroPoint),
  });
}

/** saturate(round(x + zero point)): with an odd zero point, ties go the other way. */
function encodeMoved(context: Lowering, x: Value, { dtype, zeroPoint }: Code): Value {
  const moved = zeroPoint === 0 ? x : binaryNumber(context, "add", x, zeroPoint);
  return encodeValue(context, moved, { dtype, scale: 1, zeroPoint: 0 });
}

/** round((a - aZero) * aScale / yScale + (b - bZero) * bScale / yScale + yZero) */
const add: Operator = (context) => {
  const [a, b] = [context.input(0), context.input(3)];
  const y = codeAt(context, 6, a.type.dtype);
  const inUnits = (value: Value, index: number) => {
    const code = codeAt(context, index, value.type.dtype);
    return decode(context, value, { ...code, scale: Math.fround(code.scale / y.scale) });
  };
  return [encodeMoved(context, binary(context, "add", inUnits(a, 1), inUnits(b, 4)), y)];
};

/** round((a - aZero) * (b - bZero) * (aScale * bScale / yScale) + yZero) */
const multiply: Operator = (context) => {
  const [a, b] = [context.input(0), context.input(3)];
  const [aCode, bCode] = [codeAt(context, 1, a.type.dtype), codeAt(context, 4, b.type.dtype)];
  const y = codeAt(context, 6, a.type.dtype);
  const product = binary(
    context,
    "mul",
    decode(context, a, { ...aCode, scale: 1 }),
    decode(context, b, { ...bCode, scale: 1 }),
  );
  const ratio = Math.fround(Math.fround(aCode.scale * bCode.scale) / y.scale);
  return [encodeMoved(context, binaryNumber(context, "mul", product, ratio), y)];
};

/** A function of one number: 256 codes have 256 results, which are looked up. Inputs: x, its code, the result's code. */
function lookup(make: (alpha: number) => (x: number) => number): Operator {
  return (context) => {
    const x = context.input(0);
    const { dtype } = x.type;
    const alpha = getFloat(context.node, "alpha", 0.01);
    const name = `${context.node.opType} ${alpha}`;
    return [mapCodes(context, x, codeAt(context, 1, dtype), codeAt(context, 3, dtype), name, make(alpha))];
  };
}

/** @param name of the function, by which a session knows its table */
function mapCodes(
  context: Lowering,
  x: Value,
  from: Code,
  to: Code,
  name: string,
  f: (x: number) => number,
): Value {
  const table = context.derived(zero(to.dtype), `${name} ${JSON.stringify([from, to])}`, () =>
    tableOf(from, to, f),
  );
  const { dtype } = to;
  if (dtype !== "uint8" && dtype !== "int8") return context.fail(`must have 8-bit codes, not ${dtype}`);
  const spec = { op: "lookup", inputs: [x.type], attributes: { output: dtype } } as const;
  if (context.supports(spec)) return context.kernel(spec, [x], { table });
  return gather(context, context.known(table), cast(context, x, "int32"), 0);
}

/** What codes become, in the order of their bytes: gather counts negative indices from the end. */
function tableOf(from: Code, to: Code, f: (x: number) => number): HostTensor {
  const isSigned = dtypes[from.dtype].min < 0;
  const results = Array.from({ length: 256 }, (_, byte) => {
    const code = isSigned && byte > 127 ? byte - 256 : byte;
    const number = Math.fround(f(Math.fround((code - from.zeroPoint) * from.scale)));
    const rounded = Number(encode("int32", Math.fround(number / to.scale)));
    return Number(encode(to.dtype, rounded + to.zeroPoint));
  });
  return tensor(to.dtype, [256], results);
}

const sigmoid = lookup(() => (x) => 1 / (1 + Math.exp(-x)));
const leakyRelu = lookup((alpha) => (x) => (x >= 0 ? x : alpha * x));

/** Inputs: the result's scale and zero point, then each part with its own. */
const joined: Operator = (context) => {
  const count = (context.node.input.length - 2) / 3;
  const parts = Array.from({ length: count }, (_, i) => 2 + 3 * i);
  const [first = 2] = parts;
  const { dtype, shape } = context.input(first).type;
  const to = codeAt(context, 0, dtype);
  const recoded = parts.map((index) => {
    const part = context.input(index);
    const from = codeAt(context, index + 1, part.type.dtype);
    const isSame = from.scale === to.scale && from.zeroPoint === to.zeroPoint;
    return isSame ? part : mapCodes(context, part, from, to, "identity", (x) => x);
  });
  return [concat(context, recoded, axisOf(context, getInt(context.node, "axis"), shape.length))];
};

/** Inputs: x, its scale and zero point, the result's. The attribute `opset` says which Softmax is meant. */
const softmaxOfCodes: Operator = (context) => {
  const x = context.input(0);
  const { dtype } = x.type;
  const numbers = decode(context, x, codeAt(context, 1, dtype));
  const y = overAxis(context, numbers, getInt(context.node, "opset", 13), softmax);
  return [encodeValue(context, y, codeAt(context, 3, dtype))];
};

function isChannelsLast(context: Lowering): boolean {
  return getInt(context.node, "channels_last", 0) !== 0;
}

/** Calls `apply` with the channels of an image before its spatial axes, where the attribute says that they come last. */
function channelsFirst(context: Lowering, x: Value, apply: (x: Value) => Value): Value {
  if (!isChannelsLast(context)) return apply(x);
  const rank = x.type.shape.length;
  const spatial = axesFrom(1, rank - 1);
  const y = apply(transpose(context, x, [0, rank - 1, ...spatial]));
  return transpose(context, y, [0, ...spatial.map((axis) => axis + 1), 1]);
}

const averagePool: Operator = (context) => {
  const from = codeAt(context, 1, context.input(0).type.dtype);
  const to = codeAt(context, 3, from.dtype);
  const codes = context.input(0);
  const kernel = getInts(context.node, "kernel_shape");
  const direct = isChannelsLast(context)
    ? poolKernel(
        context,
        decode(context, codes, from),
        windowsOf(context, codes.type.shape.slice(1, -1), kernel),
        "average",
        getInt(context.node, "count_include_pad", 0) !== 0,
        "nhwc",
      )
    : undefined;
  const y =
    direct ??
    channelsFirst(context, codes, (x) =>
      averagePoolOf(context, decode(context, x, from), windowsOf(context, x.type.shape.slice(2), kernel)),
    );
  return [encodeMoved(context, binaryNumber(context, "div", y, to.scale), to)];
};

/** The int32 sum of the codes, times x_scale / (y_scale * count). */
const globalAveragePool: Operator = (context) => {
  const from = codeAt(context, 1, context.input(0).type.dtype);
  const to = codeAt(context, 3, from.dtype);
  const x = context.input(0);
  const rank = x.type.shape.length;
  const axes = isChannelsLast(context) ? axesFrom(1, rank - 1) : axesFrom(2, rank);
  const count = axes.reduce((product, axis) => product * x.type.shape[axis]!, 1);
  const sums = reduce(context, "sum", cast(context, x, "int32"), axes);
  const centered = from.zeroPoint === 0 ? sums : binaryNumber(context, "sub", sums, count * from.zeroPoint);
  const factor = Math.fround(from.scale / Math.fround(to.scale * count));
  const [scale, zeroPoint] = [
    scalarOf(context, "float32", factor),
    scalarOf(context, to.dtype, to.zeroPoint),
  ];
  return [requantize(context, centered, scale, 1, zeroPoint)];
};

export const qLinear: OperatorTable = {
  QLinearAdd: add,
  QLinearAveragePool: averagePool,
  QLinearConcat: joined,
  QLinearGlobalAveragePool: globalAveragePool,
  QLinearLeakyRelu: leakyRelu,
  QLinearMul: multiply,
  QLinearSigmoid: sigmoid,
  QLinearSoftmax: softmaxOfCodes,
};
