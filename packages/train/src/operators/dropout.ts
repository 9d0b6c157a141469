/**
 * Dropout (Srivastava et al. 2014). As ONNX has it, it does nothing unless its `training_mode` says so; then each step is
 * fed what it multiplies by, which follows from a seed and the number of the step: training that is resumed draws the same.
 */
import { type DType, elementCount, type HostTensor, tensor } from "@bitbudget/core";
import type { Value } from "../graph/builder.ts";
import type { TrainingOperator } from "./operator.ts";

/** Something to feed in every step. */
export interface DropoutMask extends Value {
  /** Probability of a zero, below 1. */
  readonly ratio: number;
}

export const dropout: TrainingOperator = ({ ops, inputs, outputs, input, content, fail }) => {
  const x = input(0);
  const all = () => ops.expand(ops.constant(tensor("bool", [], [1])), x.shape);
  const constant = (i: number, what: string, fallback: number) =>
    inputs[i] === undefined
      ? fallback
      : (content(i)?.[0] ?? fail(`its ${what} is computed; make it constant`));
  const ratio = constant(1, "ratio", 0.5);
  if (constant(2, "training_mode", 0) === 0 || ratio === 0) return [x, outputs[1] && all()];
  if (!(ratio > 0 && ratio < 1)) fail(`its ratio is ${ratio}; use one from 0 to below 1`);
  const mask = ops.mask(x, ratio);
  return [ops.mul(x, mask), outputs[1] && ops.compare("Greater", mask, ops.scalar(0, x.dtype))];
};

/**
 * What to feed for a mask in a step: 0 with the probability `ratio`, else 1 / (1 - ratio). The same for the same seed,
 * step, name and shape.
 * @param step number of the step
 */
export function dropoutMask(mask: DropoutMask, seed: number, step: number): HostTensor {
  const { dtype, shape, ratio, name } = mask;
  const kept = 1 / (1 - ratio);
  const start = [seed, step, ...Array.from(name, (letter) => letter.charCodeAt(0))].reduce(hash, 0);
  const threshold = ratio * 2 ** 32;
  const values = Float64Array.from({ length: elementCount(shape) }, (_, i) =>
    hash(start, i) < threshold ? 0 : kept,
  );
  return tensor<DType>(dtype, shape, values);
}

/** 32 bits that depend on two numbers: the finalizer of MurmurHash3 (Appleby 2011) over their mixture. */
function hash(a: number, b: number): number {
  let x = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca77)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
