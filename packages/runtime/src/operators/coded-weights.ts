/** Constant codes as the weights of integer kernels, and what turns int32 sums into codes where no kernel does both. */
import type { WeightFormat } from "@bitbudget/backend";
import { type DType, elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { isZeros } from "./codes.ts";
import { converted, perChannel, scalarWeight, zero } from "./weights.ts";

/** Part of a linear's or conv2d's attributes and weights. */
export interface CodedWeights {
  readonly format: WeightFormat;
  readonly weights: {
    readonly weight: HostTensor;
    readonly scale?: HostTensor;
    readonly zeroPoint?: HostTensor;
  };
}

/**
 * Codes [channels, ...] with scales and zero points, each one number or one for each channel; zero points of 0 vanish.
 * @param scale left out for raw int32 sums
 */
export function codedWeights(
  context: Lowering,
  weight: HostTensor,
  scale: HostTensor | undefined,
  zeroPoint: HostTensor | undefined,
): CodedWeights {
  const [channels = 0] = weight.shape;
  const origin = zeroPoint === undefined || isZeros(zeroPoint) ? undefined : zeroPoint;
  const single = [scale, origin].every((part) => part === undefined || elementCount(part.shape) === 1);
  const fit = (part: HostTensor, name: string) =>
    single ? scalarWeight(context, part, name) : perChannel(context, part, channels, name);
  return {
    format: {
      dtype: weight.dtype,
      granularity: { kind: single ? "tensor" : "channel" },
      ...(origin && { zeroPoint: true }),
    },
    weights: {
      weight,
      ...(scale && { scale: fit(converted(context, scale, "float32"), "weight scale") }),
      ...(origin && { zeroPoint: fit(origin, "weight zero point") }),
    },
  };
}

/** The scalar zero point of 8-bit activations. */
export function inputZero(context: Lowering, zeroPoint: HostTensor | undefined, dtype: DType): HostTensor {
  return zeroPoint === undefined ? zero(dtype) : scalarWeight(context, zeroPoint, "input zero point");
}

export function scaleWeight(context: Lowering, scale: HostTensor, name: string): HostTensor {
  return scalarWeight(context, converted(context, scale, "float32"), name);
}

/** Float32 products of scales: a times each b, over y where that is given; one for all sums or one for each channel. */
export function multipliers(
  context: Lowering,
  a: HostTensor,
  b: HostTensor,
  y: HostTensor | undefined,
  alpha = 1,
): HostTensor {
  const [first = 0] = valuesOf(a);
  const [last = 1] = y === undefined ? [1] : valuesOf(y);
  return context.derived(b, `multiplied by ${first} ${alpha} over ${last}`, () => {
    const products = Float32Array.from(valuesOf(b), (scale) => {
      const product = Math.fround(Math.fround(first * alpha) * scale);
      return y === undefined ? product : product / last;
    });
    const shape = products.length === 1 ? [] : [products.length];
    return tensor("float32", shape, products);
  });
}

/** int32 sums as 8-bit codes: sums times the multipliers, which are one or one for each position of an axis. */
export function requantize(
  context: Lowering,
  sums: Value,
  scale: HostTensor,
  axis: number,
  zeroPoint: HostTensor,
): Value {
  const granularity =
    scale.shape.length === 0 ? ({ kind: "tensor" } as const) : ({ kind: "channel", axis } as const);
  const attributes = { dtype: zeroPoint.dtype, granularity };
  const weights = {
    scale,
    inputZeroPoint: zero("int32"),
    zeroPoint: scalarWeight(context, zeroPoint, "output zero point"),
  };
  return context.kernel({ op: "requantize", inputs: [sums.type], attributes }, [sums], weights);
}
