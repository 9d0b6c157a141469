/** How codes stand for numbers: the scales and zero points of QuantizeLinear and its kin, and what they apply to. */
import {
  type DType,
  dtypes,
  elementCount,
  type Granularity,
  type HostTensor,
  valuesOf,
} from "@bitbudget/core";
import { pick } from "../host/elements.ts";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";
import { axisOf } from "./axes.ts";
import { along, binary, isFloat, unary } from "./emit.ts";
import { cast, expand, sliceAxis } from "./moves.ts";
import { converted, isKnown, shaped } from "./weights.ts";

/** Scales, and zero points where they are not all 0, of a tensor of some shape. */
export interface Coding {
  readonly granularity: Granularity;
  readonly scale: Value;
  readonly zeroPoint: Value | undefined;
}

/** @param axis as ONNX counts it; @param blockSize 0 where scales are not in blocks */
export function codingOf(
  context: Lowering,
  shape: readonly number[],
  scale: Value,
  zeroPoint: Value | undefined,
  axis: number,
  blockSize: number,
): Coding {
  const granularity = granularityOf(context, shape, scale.type.shape, axis, blockSize);
  return { granularity, scale, zeroPoint: isZero(zeroPoint) ? undefined : zeroPoint };
}

function granularityOf(
  context: Lowering,
  shape: readonly number[],
  scales: readonly number[],
  axis: number,
  blockSize: number,
): Granularity {
  if (blockSize === 0 && elementCount(scales) === 1) return { kind: "tensor" };
  const at = axisOf(context, axis, shape.length);
  const length = shape[at]!;
  const expected = blockSize === 0 ? [length] : shape.with(at, Math.ceil(length / blockSize));
  if (scales.join() !== expected.join())
    context.fail(
      `has scales of [${scales.join(", ")}] where axis ${axis} of [${shape.join(", ")}] needs [${expected.join(", ")}]`,
    );
  return blockSize === 0
    ? { kind: "channel", axis: at }
    : { kind: "block", axis: at, size: blockSize, partial: true };
}

/** Whether a zero point is known to change nothing. */
export function isZero(zeroPoint: Value | undefined): boolean {
  return zeroPoint === undefined || (isKnown(zeroPoint) && isZeros(zeroPoint.constant));
}

export function isZeros(tensor: HostTensor): boolean {
  return valuesOf(tensor).every((value) => value === 0);
}

/** Scales in float32 and zero points as kernels take them as weights; undefined where planning does not know them. */
export function codingWeights(
  context: Lowering,
  { granularity, scale, zeroPoint }: Coding,
): { readonly scale: HostTensor; readonly zeroPoint?: HostTensor } | undefined {
  if (!isKnown(scale) || (zeroPoint !== undefined && !isKnown(zeroPoint))) return undefined;
  const shape = granularity.kind === "tensor" ? [] : scale.type.shape;
  const scales = shaped(converted(context, scale.constant, "float32"), shape);
  if (zeroPoint === undefined) return { scale: scales };
  return { scale: scales, zeroPoint: repeated(context, zeroPoint.constant, shape) };
}

/** A tensor of one element, or of as many as the shape has, in that shape. */
function repeated(context: Lowering, tensor: HostTensor, shape: readonly number[]): HostTensor {
  const [own, wanted] = [elementCount(tensor.shape), elementCount(shape)];
  if (own === wanted) return shaped(tensor, shape);
  if (own !== 1) context.fail(`has ${own} zero points for ${wanted} scales`);
  return context.derived(tensor, `repeated to ${shape.join()}`, () =>
    pick(tensor, shape, new Uint8Array(wanted)),
  );
}

/** A scale or zero point so that it broadcasts to the tensor whose elements it is for. */
export function spread(
  context: Lowering,
  value: Value,
  granularity: Granularity,
  shape: readonly number[],
): Value {
  if (elementCount(value.type.shape) === 1) return context.reshape(value, []);
  if (granularity.kind === "tensor") return value;
  const { axis } = granularity;
  if (granularity.kind === "channel") return along(context, value, axis, shape.length);
  const { size } = granularity;
  const blocks = value.type.shape[axis]!;
  const apart = context.reshape(value, value.type.shape.toSpliced(axis + 1, 0, 1));
  const copies = expand(context, apart, apart.type.shape.with(axis + 1, size));
  const joined = context.reshape(copies, value.type.shape.with(axis, blocks * size));
  return sliceAxis(context, joined, axis, 0, shape[axis]!);
}

export interface QuantizeOptions {
  /** Whether what is too large for a float8 becomes its largest number. */
  readonly saturate?: boolean;
  /** Format of the quotient before it is rounded to a code. */
  readonly precision?: DType;
}

/** Farther from 0 than any code of up to 16 bits can be moved by its zero point. */
const FAR = 2 ** 20;

/** saturate(round(x / scale) + zero point), kernel by kernel: for scales that only a run knows. */
export function quantizeByParts(
  context: Lowering,
  x: Value,
  { granularity, scale, zeroPoint }: Coding,
  dtype: DType,
  { saturate = true, precision = "float32" }: QuantizeOptions = {},
): Value {
  const { shape } = x.type;
  const steps = spread(context, cast(context, scale, precision), granularity, shape);
  const quotient = cast(context, binary(context, "div", cast(context, x, precision), steps), "float32");
  const zero = (format: DType) =>
    zeroPoint && spread(context, cast(context, zeroPoint, format), granularity, shape);
  if (isFloat(dtype)) {
    const origin = zero("float32");
    const moved = origin === undefined ? quotient : binary(context, "add", quotient, origin);
    const attributes = { to: dtype, saturate };
    return context.kernel({ op: "cast", inputs: [moved.type], attributes }, [moved]);
  }
  const { min, max } = dtypes[dtype];
  const rounded = unary(context, "round", quotient);
  const origin = zero("int32");
  if (origin === undefined)
    return cast(context, cast(context, unary(context, { fn: "clip", min, max }, rounded), "int32"), dtype);
  const codes = cast(context, unary(context, { fn: "clip", min: -FAR, max: FAR }, rounded), "int32");
  const moved = binary(context, "add", codes, origin);
  return cast(context, unary(context, { fn: "clip", min, max }, moved), dtype);
}

/** (codes - zero point) * scale, kernel by kernel. */
export function dequantizeByParts(
  context: Lowering,
  codes: Value,
  { granularity, scale, zeroPoint }: Coding,
  dtype: DType,
): Value {
  const { shape } = codes.type;
  const numbers = cast(context, codes, "float32");
  const centered =
    zeroPoint === undefined
      ? numbers
      : binary(
          context,
          "sub",
          numbers,
          spread(context, cast(context, zeroPoint, "float32"), granularity, shape),
        );
  const steps = spread(context, cast(context, scale, "float32"), granularity, shape);
  return cast(context, binary(context, "mul", centered, steps), dtype);
}
