/**
 * Quantization to codes and back as float arithmetic, with the gradient of a straight-through estimator (Bengio et al.
 * 2013) and, for the step between codes, that of LSQ (Esser et al. 2020, equations 3 to 5) or PACT (Choi et al. 2018).
 * Forward it computes what QuantizeLinear and DequantizeLinear do, bit for bit.
 */
import { elementCount } from "@bitbudget/core";
import type { NodeProto } from "@bitbudget/onnx";
import type { Backward } from "../gradients/rule.ts";
import type { Value } from "../graph/builder.ts";
import type { Ops } from "../graph/ops.ts";
import { codesOf, type Sums } from "./codes.ts";

/**
 * How the step is learned: "lsq" also by what is rounded, "pact" by what is clipped alone, "fixed" not at all.
 * PACT's learned clip is alpha = largest code * step: one step of gradient descent on the step is one on alpha.
 */
export type QuantizerMethod = "lsq" | "pact" | "fixed";

export interface Quantizer {
  readonly node: NodeProto;
  readonly x: Value;
  readonly scale: Value;
  readonly zeroPoint: number;
  /** Smallest and largest code, less the zero point. */
  readonly low: number;
  readonly high: number;
  /** The axis of channels or blocks; undefined for one scale. */
  readonly axis: number | undefined;
  /** 0 where scales are not in blocks. */
  readonly blockSize: number;
  readonly method: QuantizerMethod;
  /** Whether x has a batch, which does not count among the elements that share a step. */
  readonly isActivation: boolean;
  /** Whether nobody else uses x, and an integer kernel goes from sums to codes at once. */
  readonly isSole: boolean;
}

/** Emits codes * step, which is known as such afterwards. */
export function fakeQuantize(ops: Ops, quantizer: Quantizer): Value {
  const { node, scale, low, high, axis, blockSize } = quantizer;
  const { x, sums } = sourceOf(ops, quantizer);
  const { shape, step } = layOut(ops, quantizer);
  const inSteps = () => {
    // Sums of codes are scaled once: round(sum * (unit / step)), as integer kernels do.
    if (sums !== undefined) return ops.mul(sums.total(), ops.div(sums.unit, step));
    return ops.div(ops.reshape(x, shape), step);
  };
  let codes = x;
  const make = () => {
    const rounded = ops.clip(ops.unary("Round", inSteps()), low, high);
    // -0 is no code.
    codes = low < 0 ? ops.add(rounded, ops.scalar(0, x.dtype)) : rounded;
    return [ops.reshape(ops.mul(codes, step), x.shape)];
  };
  const rule = (b: Backward) => {
    const dy = ops.reshape(b.dy, shape);
    return [
      b.needs(0) ? ops.reshape(ops.mul(dy, isInside(ops, quantizer, inSteps())), x.shape) : undefined,
      b.needs(1) ? stepGradient(ops, quantizer, { dy, codes, inSteps, step }) : undefined,
    ];
  };
  const [y] = ops.custom(node, [x, scale], make, rule);
  codesOf(ops).coded.set(y!.name, {
    codes: ops.reshape(codes, x.shape),
    scale,
    axis,
    inBlocks: blockSize > 0,
  });
  return y!;
}

/** What is quantized: x, or what is before it and gives the same codes. */
function sourceOf(ops: Ops, { x, low, isSole }: Quantizer): { readonly x: Value; readonly sums?: Sums } {
  const { rectified, sums } = codesOf(ops);
  const direct = sums.get(x.name);
  if (direct !== undefined) return isSole ? { x, sums: direct } : { x };
  // Codes that start at 0 rectify by themselves.
  const relu = low >= 0 ? rectified.get(x.name) : undefined;
  if (relu === undefined) return { x };
  const before = isSole && relu.isSole ? sums.get(relu.input.name) : undefined;
  return before === undefined ? { x: relu.input } : { x: relu.input, sums: before };
}

/** The shape in which x has an axis for each block, and the scales as they broadcast to it. */
export function layOut(
  ops: Ops,
  { x, scale, axis, blockSize }: Pick<Quantizer, "x" | "scale" | "axis" | "blockSize">,
): { readonly shape: readonly number[]; readonly step: Value } {
  if (axis === undefined) return { shape: x.shape, step: ops.reshape(scale, []) };
  if (blockSize === 0) {
    const after = x.shape.slice(axis + 1).fill(1);
    return { shape: x.shape, step: ops.reshape(scale, [x.shape[axis] ?? 1, ...after]) };
  }
  const blocks = (x.shape[axis] ?? 0) / blockSize;
  return {
    shape: x.shape.toSpliced(axis, 1, blocks, blockSize),
    step: ops.reshape(scale, x.shape.toSpliced(axis, 1, blocks, 1)),
  };
}

/** 1 where x is between the smallest and the largest code, ends included, else 0. */
function isInside(ops: Ops, { low, high }: Quantizer, inSteps: Value): Value {
  const { dtype } = inSteps;
  return ops.between(inSteps, ops.scalar(low - ROUNDING, dtype), ops.scalar(high + ROUNDING, dtype));
}

/** By as much x / step may miss an end in float32, where codes have 8 bits. */
const ROUNDING = 2 ** -16;

interface StepParts {
  readonly dy: Value;
  readonly codes: Value;
  inSteps(): Value;
  readonly step: Value;
}

/**
 * LSQ: the sum of dy * (round(v) - v) where v = x / step is inside, and of dy * (smallest or largest code) outside,
 * times 1 / sqrt(N * largest code) for N elements that share the step. PACT: the second part alone.
 */
function stepGradient(ops: Ops, quantizer: Quantizer, { dy, codes, inSteps, step }: StepParts) {
  const { x, scale, low, high, method, isActivation } = quantizer;
  if (method === "fixed") return undefined;
  const largest = Math.max(high, -low);
  const positive = high > 0 ? high : largest;
  const slope = () => {
    const v = inSteps();
    const inside = isInside(ops, quantizer, v);
    if (method === "lsq") return ops.sub(codes, ops.mul(inside, v));
    return ops.mul(ops.shift(ops.neg(inside), 1), ops.clip(v, low, high));
  };
  const sum = ops.reshape(ops.sumTo(ops.mul(dy, slope()), step.shape), scale.shape);
  const batch = isActivation ? (x.shape[0] ?? 1) : 1;
  const count = elementCount(x.shape) / batch / elementCount(scale.shape);
  return ops.scale(sum, method === "lsq" ? 1 / Math.sqrt(count * positive) : 1 / positive ** 2);
}
