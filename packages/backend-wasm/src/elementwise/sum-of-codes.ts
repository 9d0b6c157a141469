/**
 * Chains that add two tensors of 8-bit codes and give codes: the residual connections of quantized models. One step does
 * what four to six would do one after the other, with the same roundings.
 */
import type { ElementwiseStep, KernelSpec } from "@bitbudget/backend";
import { dtypes, elementCount } from "@bitbudget/core";
import { SUM_OF_CODES } from "../codes.ts";
import type { ProgramBuilder } from "./program.ts";

type StepOf<K extends ElementwiseStep["kind"]> = Extract<ElementwiseStep, { readonly kind: K }>;

interface Sum {
  readonly a: StepOf<"dequantize">;
  readonly b: StepOf<"dequantize">;
  /** Added to the sum; -0 changes nothing. */
  readonly offset: number;
  readonly relu: boolean;
  readonly quantize: StepOf<"quantize">;
}

/** Adds the one step, if the chain is such a sum. */
export function addSumOfCodes(
  program: ProgramBuilder,
  spec: KernelSpec<"elementwise">,
  constants: ArrayLike<number>,
): boolean {
  const sum = findSum(spec, constants);
  if (sum === undefined) return false;
  const constant = (value: number) => constants[value - spec.inputs.length]!;
  const { a, b, offset, relu, quantize } = sum;
  const [scale, zeroPoint] = [constant(quantize.scale), constant(quantize.zeroPoint)];
  const { min, max } = dtypes[quantize.dtype];
  // relu before a positive scale is a lower bound of 0.
  const least = relu ? Math.max(0, min - zeroPoint) : min - zeroPoint;
  const numbers = program.numbers([
    ...[a, b].flatMap((step) => [constant(step.scale), constant(step.zeroPoint)]),
    ...[offset, scale, least, max - zeroPoint, zeroPoint],
  ]);
  const [x, y] = [a, b].map((step) => program.input(step.of, spec.inputs[step.of]!));
  const signs = [spec.inputs[a.of]!.dtype, spec.inputs[b.of]!.dtype, quantize.dtype];
  const fn = signs.reduce((bits, dtype, i) => bits + (dtype === "int8" ? 2 ** i : 0), 0);
  program.step(SUM_OF_CODES, fn, [x!, y!, numbers], { bits: 8 });
  return true;
}

function findSum(
  { inputs, attributes }: KernelSpec<"elementwise">,
  constants: ArrayLike<number>,
): Sum | undefined {
  const sizes = inputs.map(({ shape }) => elementCount(shape));
  if (inputs.length !== 2 || sizes[0] !== sizes[1]) return undefined;
  const first = inputs.length + attributes.constants;
  const [a, b, add, ...rest] = attributes.steps;
  const quantize = rest.pop();
  if (a?.kind !== "dequantize" || b?.kind !== "dequantize" || quantize?.kind !== "quantize") return undefined;
  if (!addsUp(add, [first, first + 1])) return undefined;
  let offset = -0;
  let relu = false;
  // What is between the sum and its codes: each step reads the one before it.
  for (const [i, step] of rest.entries()) {
    const before = first + 2 + i;
    const constant = step.kind === "binary" ? step.of.find((value) => value !== before) : undefined;
    if (
      i === 0 &&
      constant !== undefined &&
      constant >= inputs.length &&
      constant < first &&
      addsUp(step, [before, constant])
    )
      offset = constants[constant - inputs.length]!;
    else if (
      i === rest.length - 1 &&
      step.kind === "unary" &&
      step.function.fn === "relu" &&
      step.of === before
    )
      relu = true;
    else return undefined;
  }
  if (quantize.of !== first + 2 + rest.length) return undefined;
  const scale = constants[quantize.scale - inputs.length]!;
  return scale > 0 ? { a, b, offset, relu, quantize } : undefined;
}

function addsUp(step: ElementwiseStep | undefined, operands: readonly number[]): boolean {
  if (step?.kind !== "binary" || step.function !== "add") return false;
  return operands.every((value) => step.of.includes(value));
}
