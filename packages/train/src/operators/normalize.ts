/**
 * What all normalizations are: x less its mean over some axes, divided by its deviation, scaled and shifted. One entry
 * of the tape with the gradient in closed form (Ioffe and Szegedy 2015, section 3), which passes over the activations
 * fewer times than the gradients of its parts would.
 */
import { elementCount } from "@bitbudget/core";
import type { Backward } from "../gradients/rule.ts";
import type { Value } from "../graph/builder.ts";
import type { Ops } from "../graph/ops.ts";
import type { Forward } from "./operator.ts";

export interface NormalizeOptions {
  /** Axes that are normalized together. */
  readonly axes: readonly number[];
  /** Added to the variance. */
  readonly epsilon: number;
  /** Divide by the root of the mean square, subtract nothing. */
  readonly rms?: boolean;
  /** Both broadcast to x. */
  readonly scale?: Value | undefined;
  readonly bias?: Value | undefined;
}

/** All but `y` have length 1 along the normalized axes, and no gradient. */
export interface Normalized {
  readonly y: Value;
  /** 1 over the deviation. */
  readonly inverse: Value;
  /** Neither is there for a root mean square. */
  readonly mean: Value | undefined;
  /** Of the population. */
  readonly variance: Value | undefined;
}

export function normalize({ ops, node, fail }: Forward, x: Value, options: NormalizeOptions): Normalized {
  const { axes, epsilon, rms = false, scale, bias } = options;
  for (const each of [scale, bias])
    if (each !== undefined && each.dtype !== x.dtype)
      fail(`its scale and bias are ${each.dtype} where x is ${x.dtype}; cast them`);
  const make = (): readonly Value[] => {
    const mean = rms ? undefined : ops.mean(x, axes);
    const centered = mean === undefined ? x : ops.sub(x, mean);
    const squares = ops.reduce("ReduceSumSquare", centered, axes);
    const variance = ops.scale(squares, 1 / countAlong(x, axes));
    const inverse = ops.unary("Reciprocal", ops.unary("Sqrt", ops.shift(variance, epsilon)));
    const y = affine(ops, centered, inverse, options);
    return mean === undefined ? [y, inverse] : [y, inverse, mean, variance, centered];
  };
  const rule = (b: Backward) => gradients(b, options);
  const [y, inverse, mean, variance] = ops.custom(node, [x, scale, bias], make, rule);
  return { y: y!, inverse: inverse!, mean, variance };
}

/** Scales before anything of the size of x is touched where that gives the same. */
function affine(ops: Ops, centered: Value, inverse: Value, { axes, scale, bias }: NormalizeOptions): Value {
  const scaled =
    scale !== undefined && isConstantAlong(scale, centered, axes)
      ? ops.mul(centered, ops.mul(inverse, scale))
      : scaleBy(ops, ops.mul(centered, inverse), scale);
  return bias === undefined ? scaled : ops.add(scaled, bias);
}

/**
 * With c = x - mean, g = dy scale: dx = inverse (g - mean(g) - c inverse^2 mean(g c)), d scale = sum(dy c) inverse,
 * d bias = sum(dy). A scale that is the same along the normalized axes is kept out of the sums, which d scale and
 * d bias then share.
 */
function gradients(b: Backward, { axes, rms = false, scale, bias }: NormalizeOptions): (Value | undefined)[] {
  const { ops, dy } = b;
  if (b.gradients.some((gradient, i) => i > 0 && gradient !== undefined))
    b.fail("its statistics have no gradient of their own; only the normalized values have");
  const x = b.input(0);
  const [, inverse, , , centered = x] = b.outputs;
  const outside = [scale, bias].every((each) => each === undefined || isConstantAlong(each, x, axes));
  const count = countAlong(x, axes);
  const scaled = (each: Value) => (outside ? each : scaleBy(ops, each, scale));
  const products = ops.mul(dy, centered);
  const [sums, productSums] = [ops.sum(scaled(dy), axes), ops.sum(scaled(products), axes)];
  const dx = () => {
    const along = ops.mul(centered, ops.mul(productSums, ops.scale(ops.mul(inverse!, inverse!), 1 / count)));
    const shifted = rms ? scaled(dy) : ops.sub(scaled(dy), ops.scale(sums, 1 / count));
    return ops.mul(ops.sub(shifted, along), outside ? scaleBy(ops, inverse!, scale) : inverse!);
  };
  // What nobody reads of the sums is not computed.
  const dScale = ({ shape }: Value) => ops.sumTo(ops.mul(outside ? productSums : products, inverse!), shape);
  const dBias = ({ shape }: Value) => ops.sumTo(outside ? sums : dy, shape);
  return [
    b.needs(0) ? dx() : undefined,
    scale && b.needs(1) ? dScale(scale) : undefined,
    bias && b.needs(2) ? dBias(bias) : undefined,
  ];
}

function scaleBy(ops: Ops, x: Value, scale: Value | undefined): Value {
  return scale === undefined ? x : ops.mul(x, scale);
}

/** Whether something that broadcasts to x is the same for all elements along some axes. */
function isConstantAlong({ shape }: Value, x: Value, axes: readonly number[]): boolean {
  const extra = x.shape.length - shape.length;
  return axes.every((axis) => (shape[axis - extra] ?? 1) === 1);
}

function countAlong({ shape }: Value, axes: readonly number[]): number {
  return Math.max(1, elementCount(axes.map((axis) => shape[axis] ?? 1)));
}
