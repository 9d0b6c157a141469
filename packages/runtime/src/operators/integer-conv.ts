/** Convolutions of 8-bit codes: ConvInteger and QLinearConv, on the conv2d kernel; over three axes on the host. */
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { getInt } from "@bitbudget/onnx";
import { convolve } from "../host/convolution.ts";
import type { Lowering, Operator } from "../operator.ts";
import type { Value } from "../values.ts";
import { codedWeights, inputZero, multipliers, requantize, scaleWeight } from "./coded-weights.ts";
import { isZero } from "./codes.ts";
import { type ConvShape, conv2d, convShape, hasKernel, hostConvolution } from "./conv.ts";
import { along, binary } from "./emit.ts";
import { cast, transpose } from "./moves.ts";
import { constantIf, converted, isKnown, perChannel, scalarWeight } from "./weights.ts";

/** Inputs: x, filters, their zero points. */
export const convInteger: Operator = (context) => {
  const x = context.input(0);
  const weight = context.constant(1);
  const shape = convShape(context, x.type, weight.shape);
  const weightZero = constantIf(context, 3);
  const given = context.inputs[2];
  const xZero = isZero(given) ? undefined : given;
  if (xZero === undefined || isKnown(xZero))
    return [convolutionSums(context, x, weight, shape, xZero?.constant, weightZero)];
  // A zero point that only a run knows: less z times what the filters sum up to where they see the image.
  const sums = convolutionSums(context, x, weight, shape, undefined, weightZero);
  const seen = context.known(filterTotals(context, x.type.shape, weight, weightZero, shape));
  const z = context.reshape(cast(context, xZero, "int32"), []);
  return [binary(context, "sub", sums, binary(context, "mul", z, seen))];
};

/** Raw int32 sums of codes less their zero points, which are known. */
function convolutionSums(
  context: Lowering,
  x: Value,
  weight: HostTensor,
  shape: ConvShape,
  xZero: HostTensor | undefined,
  weightZero: HostTensor | undefined,
): Value {
  const inputZeroPoint = inputZero(context, xZero, x.type.dtype);
  if (!hasKernel(shape)) {
    const [input = 0] = valuesOf(inputZeroPoint);
    const zeros = weightZero === undefined ? [0] : Array.from(valuesOf(weightZero));
    return hostConvolution(context, x, weight, shape, "int32", { input, weight: zeros });
  }
  const { format, weights } = codedWeights(context, weight, undefined, weightZero);
  return conv2d(context, x, shape, { weight: format, output: "int32" }, { ...weights, inputZeroPoint });
}

/** The convolution of an image of ones, [1, channels, ...spatial]: it depends on the place where there is padding. */
function filterTotals(
  context: Lowering,
  input: readonly number[],
  weight: HostTensor,
  zeroPoint: HostTensor | undefined,
  { windows }: ConvShape,
): HostTensor {
  const zeros = zeroPoint === undefined ? [0] : Array.from(valuesOf(zeroPoint));
  const { counts } = windows;
  const spatial = input.slice(2);
  const key = `totals less ${zeros.join()} over ${JSON.stringify([spatial, windows])}`;
  return context.derived(weight, key, () => {
    const [channels = 0, perGroup = 0, ...kernel] = weight.shape;
    const taps = kernel.reduce((product, length) => product * length, 1);
    const totals = new Float64Array(channels * taps);
    const codes = valuesOf(weight);
    for (let channel = 0, i = 0; channel < channels; channel++)
      for (let k = 0; k < perGroup * taps; k++, i++)
        totals[channel * taps + (k % taps)]! += codes[i]! - (zeros[channel] ?? zeros[0]!);
    const ones = new Float64Array(spatial.reduce((product, length) => product * length, 1)).fill(1);
    const sums = convolve(ones, totals, {
      ...windows,
      input: [1, 1, ...spatial],
      filter: [channels, 1, ...kernel],
      groups: 1,
    });
    return tensor("int32", [1, channels, ...counts], sums);
  });
}

/**
 * Inputs: x, its scale and zero point, filters likewise, the result's scale and zero point, an int32 bias. Without the
 * result's scale the result is float32 (what a pass makes where no QuantizeLinear follows).
 */
export const qLinearConv: Operator = (context) => {
  const isLast = getInt(context.node, "channels_last", 0) !== 0;
  const x = context.input(0);
  const rank = x.type.shape.length;
  if (isLast && rank > 4) {
    const first = transpose(context, x, [0, rank - 1, ...spatialAxes(rank)]);
    const y = quantizedConv(context, first, "nchw");
    return [transpose(context, y, [0, ...spatialAxes(rank).map((axis) => axis + 1), 1])];
  }
  return [quantizedConv(context, x, isLast ? "nhwc" : "nchw")];
};

/** Axes between batch and the channels that come last. */
function spatialAxes(rank: number): number[] {
  return Array.from({ length: rank - 2 }, (_, i) => i + 1);
}

function quantizedConv(context: Lowering, x: Value, layout: "nchw" | "nhwc"): Value {
  const weight = context.constant(3);
  const [xScale, xZero] = [context.constant(1), constantIf(context, 2)];
  const [weightScale, weightZero] = [context.constant(4), constantIf(context, 5)];
  const yScale = constantIf(context, 6);
  const given = constantIf(context, 8);
  const shape = convShape(context, x.type, weight.shape, layout);
  const bias = given === undefined ? undefined : perChannel(context, given, shape.channels, "bias");
  const yZero = constantIf(context, 7) ?? inputZero(context, undefined, x.type.dtype);
  const output = yScale === undefined ? "float32" : yZero.dtype;

  if (!hasKernel(shape)) {
    const sums = convolutionSums(context, x, weight, shape, xZero, weightZero);
    const total =
      bias === undefined
        ? sums
        : binary(context, "add", sums, along(context, context.known(bias), 1, x.type.shape.length));
    const factors = multipliers(context, xScale, converted(context, weightScale, "float32"), yScale);
    if (yScale !== undefined) return requantize(context, total, factors, 1, yZero);
    const units = along(context, context.known(factors), 1, x.type.shape.length);
    return binary(context, "mul", cast(context, total, "float32"), units);
  }
  const { format, weights } = codedWeights(context, weight, weightScale, weightZero);
  const attributes = { weight: format, output, ...(bias && { bias: "int32" as const }) };
  return conv2d(context, x, shape, attributes, {
    ...weights,
    inputScale: scaleWeight(context, xScale, "input scale"),
    inputZeroPoint: inputZero(context, xZero, x.type.dtype),
    ...(bias && { bias }),
    ...(yScale && {
      outputScale: scaleWeight(context, yScale, "output scale"),
      outputZeroPoint: scalarWeight(context, yZero, "output zero point"),
    }),
  });
}
