/**
 * elementwise: a chain of element functions in one pass over memory. Each step rounds to float32 as a kernel of its own
 * would, so that a chain gives what its kernels give one after the other. Codes come in through dequantize, and go out
 * through a quantize at the end.
 */
import type { DType } from "@bitbudget/core";
import type { KernelSpec } from "../spec.ts";
import { exact, type Tolerance } from "../tolerance.ts";
import { type BinaryFunction, binary } from "./binary.ts";
import { broadcastShapes } from "./broadcast.ts";
import { check, checkDtype, checkInputCount, input, type OpDefinition, size } from "./definition.ts";
import { checkUnaryFunction, type UnaryFunction, unary } from "./unary.ts";

/** Functions of two numbers that a step may be. */
export const elementwiseBinary = [
  "add",
  "sub",
  "mul",
  "div",
  "pow",
  "min",
  "max",
  "prelu",
] as const satisfies readonly BinaryFunction[];

/**
 * One step. Values have numbers: the inputs come first, then the constants, then the result of each step. `of` names
 * values before the step; `scale` and `zeroPoint` name constants, the zero point an integer within the codes.
 */
export type ElementwiseStep =
  /** Not the functions whose results are no floats: isNaN, isInf, not, bitwiseNot. */
  | { readonly kind: "unary"; readonly function: UnaryFunction; readonly of: number }
  | {
      readonly kind: "binary";
      readonly function: (typeof elementwiseBinary)[number];
      readonly of: readonly [number, number];
    }
  /** Of an input of codes. */
  | { readonly kind: "dequantize"; readonly of: number; readonly scale: number; readonly zeroPoint: number }
  /** The last step, if it is there. */
  | {
      readonly kind: "quantize";
      readonly of: number;
      readonly scale: number;
      readonly zeroPoint: number;
      readonly dtype: "uint8" | "int8";
    };

export interface ElementwiseAttributes {
  /** Numbers that are the same for all elements, in the weight `constants`. */
  readonly constants: number;
  /** The last one is the result. */
  readonly steps: readonly ElementwiseStep[];
}

/** Float32 [constants]; absent where there are none. */
export type ElementwiseWeights = "constants";

/** Every device has registers and bindings for as many. */
export const MAX_ELEMENTWISE_INPUTS = 6;
export const MAX_ELEMENTWISE_STEPS = 64;

const codes: readonly DType[] = ["uint8", "int8"];
const noFloats: readonly UnaryFunction["fn"][] = ["isNaN", "isInf", "not", "bitwiseNot"];

/** Whether a function of one number may be a step. */
export function isElementwiseUnary({ fn }: UnaryFunction): boolean {
  return !noFloats.includes(fn);
}

export function isElementwiseBinary(fn: BinaryFunction): fn is (typeof elementwiseBinary)[number] {
  return elementwiseBinary.some((each) => each === fn);
}

/** Tolerance of one step alone, given exact operands. */
export function stepTolerance(step: ElementwiseStep): Tolerance {
  const number = { dtype: "float32", shape: [] } as const;
  if (step.kind === "unary")
    return unary.tolerance({ op: "unary", inputs: [number], attributes: { function: step.function } });
  if (step.kind === "binary")
    return binary.tolerance({
      op: "binary",
      inputs: [number, number],
      attributes: { function: step.function },
    });
  return exact;
}

/** Whether every backend has the same bits after a step. */
export function isExactStep(step: ElementwiseStep): boolean {
  const { ulp, absolute = 0 } = stepTolerance(step);
  return ulp === 0 && absolute === 0;
}

function outputDtype({ steps }: ElementwiseAttributes): "float32" | "uint8" | "int8" {
  const last = steps.at(-1);
  return last?.kind === "quantize" ? last.dtype : "float32";
}

/** The values that a step reads. */
function operandsOf(step: ElementwiseStep): readonly number[] {
  if (step.kind === "binary") return step.of;
  return step.kind === "unary" ? [step.of] : [step.of, step.scale, step.zeroPoint];
}

function checkStep(spec: KernelSpec<"elementwise">, step: ElementwiseStep, i: number): void {
  const { inputs, attributes } = spec;
  const field = `attributes.steps[${i}]`;
  const firstStep = inputs.length + attributes.constants;
  for (const value of operandsOf(step))
    check(
      Number.isInteger(value) && value >= 0 && value < firstStep + i,
      spec,
      field,
      `must read values before its own, which is ${firstStep + i}, not ${value}`,
    );
  const isNumber = (value: number) => value >= inputs.length || inputs[value]?.dtype === "float32";
  const isConstant = (value: number) => value >= inputs.length && value < firstStep;
  const takesCodes = step.kind === "dequantize";
  for (const value of step.kind === "binary" ? step.of : [step.of])
    check(
      takesCodes ? !isNumber(value) : isNumber(value),
      spec,
      field,
      `must be of ${takesCodes ? "an input of codes" : "numbers"}; value ${value} is not`,
    );
  switch (step.kind) {
    case "unary":
      checkUnaryFunction(spec, `${field}.function`, step.function);
      check(isElementwiseUnary(step.function), spec, `${field}.function`, "must give a float");
      return;
    case "binary":
      check(isElementwiseBinary(step.function), spec, `${field}.function`, `must not be ${step.function}`);
      check(step.of.length === 2, spec, `${field}.of`, "must be two values");
      return;
    case "quantize":
      check(i === attributes.steps.length - 1, spec, field, "must be the last to quantize");
      checkDtype(spec, `${field}.dtype`, step.dtype, codes);
  }
  check(
    isConstant(step.scale) && isConstant(step.zeroPoint),
    spec,
    field,
    "must have constants for its scale and its zero point",
  );
}

export const elementwise: OpDefinition<"elementwise"> = {
  op: "elementwise",
  summary: "a chain of element functions in one pass, on numbers and on codes, broadcast",
  onnx: ["com.microsoft.QLinearAdd", "com.microsoft.QLinearMul", "chains of elementwise operators"],
  outputs(spec) {
    const { inputs, attributes } = spec;
    const { constants, steps } = attributes;
    checkInputCount(spec, 1, MAX_ELEMENTWISE_INPUTS);
    for (const [i, { dtype }] of inputs.entries())
      checkDtype(spec, `inputs[${i}].dtype`, dtype, ["float32", ...codes]);
    check(
      Number.isSafeInteger(constants) && constants >= 0,
      spec,
      "attributes.constants",
      "must be a number of constants",
    );
    check(
      steps.length > 0 && steps.length <= MAX_ELEMENTWISE_STEPS,
      spec,
      "attributes.steps",
      `must be 1 to ${MAX_ELEMENTWISE_STEPS}, not ${steps.length}`,
    );
    const kinds = ["unary", "binary", "dequantize", "quantize"];
    for (const [i, step] of steps.entries()) {
      check(kinds.includes(step.kind), spec, `attributes.steps[${i}].kind`, `is unknown: ${step.kind}`);
      checkStep(spec, step, i);
    }
    const read = new Set(steps.flatMap(operandsOf));
    for (let value = 0; value < inputs.length + constants + steps.length - 1; value++)
      check(read.has(value), spec, "attributes.steps", `must read every value; none reads ${value}`);
    const dtype = outputDtype(attributes);
    if (dtype !== "float32")
      for (const [i, step] of steps.entries())
        check(
          isExactStep(step),
          spec,
          `attributes.steps[${i}]`,
          "must be exact where the result is codes, which all backends compute alike: split the chain, or use lookup",
        );
    return [{ dtype, shape: broadcastShapes(spec, ...inputs.map(({ shape }) => shape)) }];
  },
  weights({ attributes: { constants } }) {
    return constants === 0 ? {} : { constants: { dtype: "float32", shape: [constants] } };
  },
  operands: (spec) => ({ activation: input(spec).dtype, output: outputDtype(spec.attributes) }),
  operations: (spec) =>
    spec.attributes.steps.length * size(broadcastShapes(spec, ...spec.inputs.map(({ shape }) => shape))),
  // The magnitude carries the error of each step through those that follow.
  tolerance: ({ attributes: { steps } }) => (steps.every(isExactStep) ? exact : { ulp: 1, of: "magnitude" }),
};
