/** Normalization over axes as operators need it: one kernel where scale and bias are constants, more where they are not. */
import type { DType, HostTensor } from "@bitbudget/core";
import { affinePositions, pick } from "../host/elements.ts";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { axesFrom, binary, binaryNumber, filled, reduce, unary } from "./emit.ts";
import { cast } from "./moves.ts";
import { converted, isKnown, zero } from "./weights.ts";

export interface NormOptions {
  /** First of the axes that are normalized together, up to the last. */
  readonly axis: number;
  readonly epsilon: number;
  /** Divide by the root of the mean square, subtract nothing. */
  readonly rms?: boolean;
  /** Both broadcast to x. */
  readonly scale?: Value | undefined;
  readonly bias?: Value | undefined;
}

/** Layer or root-mean-square normalization, scaled and shifted. */
export function normalize(
  context: Lowering,
  x: Value,
  { axis, epsilon, rms = false, scale, bias }: NormOptions,
): Value {
  const shape = x.type.shape.slice(axis);
  const isFused = fuses(x, scale, shape) && fuses(x, bias, shape);
  const own = isFused && scale !== undefined ? weight(context, scale.constant!, shape) : ones(context, shape);
  const shift = isFused && bias !== undefined ? weight(context, bias.constant!, shape) : undefined;
  const attributes = { axis, epsilon, rms, bias: shift !== undefined };
  const weights = shift === undefined ? { scale: own } : { scale: own, bias: shift };
  const y = context.kernel({ op: "layerNorm", inputs: [x.type], attributes }, [x], weights);
  return isFused ? y : scaleAndShift(context, y, scale, bias);
}

export function scaleAndShift(
  context: Lowering,
  x: Value,
  scale: Value | undefined,
  bias: Value | undefined,
): Value {
  const { dtype } = x.type;
  const scaled = scale === undefined ? x : binary(context, "mul", x, cast(context, scale, dtype));
  return bias === undefined ? scaled : binary(context, "add", scaled, cast(context, bias, dtype));
}

/** Whether a scale or bias can be a weight of the kernel, in float32 and in the shape of the normalized axes. */
function fuses(x: Value, value: Value | undefined, shape: readonly number[]): boolean {
  if (value === undefined) return true;
  const own = value.type.shape;
  const fits =
    own.length <= shape.length &&
    own.every((length, i) => length === 1 || length === shape.at(i - own.length));
  return fits && isKnown(value) && x.type.dtype !== "float64";
}

function weight(context: Lowering, tensor: HostTensor, shape: readonly number[]): HostTensor {
  const own = [...new Array<number>(shape.length - tensor.shape.length).fill(1), ...tensor.shape];
  const full = converted(context, tensor, "float32");
  if (own.every((length, i) => length === shape[i])) return { ...full, shape };
  return context.derived(full, `expanded to ${shape.join()}`, () => {
    let step = 1;
    const steps = own.map(() => 0);
    for (let i = own.length - 1; i >= 0; i--) {
      if (own[i] !== 1) steps[i] = step;
      step *= own[i]!;
    }
    return pick(full, shape, affinePositions(shape, steps));
  });
}

/** Scales of 1, the same tensor for every kernel of a session. */
function ones(context: Lowering, shape: readonly number[]): HostTensor {
  return context.derived(zero("float32"), `ones ${shape.join()}`, () => filled("float32", shape, 1));
}

export interface Moments {
  readonly mean: Value;
  /** x less its mean. */
  readonly centered: Value;
  /** Of the population: the mean of the squares of what is centered. */
  readonly variance: Value;
}

/** Mean and variance over axes, which stay with length 1. */
export function moments(context: Lowering, x: Value, axes: readonly number[]): Moments {
  const mean = reduce(context, "mean", x, axes);
  const centered = binary(context, "sub", x, mean);
  const variance = reduce(context, "mean", binary(context, "mul", centered, centered), axes);
  return { mean, centered, variance };
}

/** Mean, and 1 over the standard deviation (rms: over the root of the mean square), as LayerNormalization saves them. */
export function savedStatistics(
  context: Lowering,
  x: Value,
  { axis, epsilon, rms = false }: NormOptions,
  dtype: DType,
): { readonly mean: Value; readonly inverse: Value } {
  const axes = axesFrom(axis, x.type.shape.length);
  const wide = x.type.dtype === "float64" ? x : cast(context, x, "float32");
  const { mean, variance } = moments(context, wide, axes);
  const spread = rms ? reduce(context, "mean", binary(context, "mul", wide, wide), axes) : variance;
  const root = unary(context, "sqrt", binaryNumber(context, "add", spread, epsilon));
  const inverse = unary(context, "reciprocal", root);
  return { mean: cast(context, mean, dtype), inverse: cast(context, inverse, dtype) };
}
