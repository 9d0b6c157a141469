/** Kernels of a plan as the steps of one `elementwise` kernel: what stands for what, and which values come from outside. */
import {
  type ElementwiseStep,
  isElementwiseBinary,
  isElementwiseUnary,
  isExactStep,
  type KernelSpec,
  type Weights,
} from "@bitbudget/backend";
import { elementCount, type Granularity, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { knownValue } from "./lowering.ts";
import { zero } from "./operators/weights.ts";
import type { KernelStep, Step } from "./steps.ts";
import type { Slot, Value } from "./values.ts";

/** A kernel that a chain may hold. */
export type Link = KernelStep & { readonly spec: LinkSpec };
type LinkSpec = Extract<
  KernelStep["spec"],
  { readonly op: "unary" | "binary" | "dequantize" | "quantize" | "batchNorm" }
>;

/** Makes a constant once in a session, by which kernels are known. */
export type Derive = (tensor: HostTensor, key: string, make: () => HostTensor) => HostTensor;

export interface Chain {
  readonly spec: KernelSpec<"elementwise">;
  readonly weights: Weights<"elementwise">;
  readonly inputs: readonly Value[];
}

/** Whether a chain may hold a step: functions of float32, codes of a whole tensor. */
export function isLink(step: Step): step is Link {
  if (step.kind !== "kernel") return false;
  const { spec } = step;
  const from = spec.inputs[0]?.dtype;
  switch (spec.op) {
    case "unary":
      return from === "float32" && isElementwiseUnary(spec.attributes.function);
    case "binary":
      return from === "float32" && isElementwiseBinary(spec.attributes.function);
    case "batchNorm":
      return from === "float32";
    case "dequantize":
      return isCode(from) && spec.attributes.output === "float32" && isWhole(spec.attributes.granularity);
    case "quantize":
      return from === "float32" && isCode(spec.attributes.dtype) && isWhole(spec.attributes.granularity);
    default:
      return false;
  }
}

function isCode(dtype: string | undefined): dtype is "uint8" | "int8" {
  return dtype === "uint8" || dtype === "int8";
}

function isWhole({ kind }: Granularity): boolean {
  return kind === "tensor";
}

/** Whether all backends have the same bits after it, so that codes may follow. */
export function isExact({ spec }: Link): boolean {
  if (spec.op === "unary") return isExactStep({ kind: "unary", function: spec.attributes.function, of: 0 });
  if (spec.op !== "binary") return true;
  const fn = spec.attributes.function;
  return isElementwiseBinary(fn) && isExactStep({ kind: "binary", function: fn, of: [0, 0] });
}

/** The chain of some kernels, in their order. */
export function chainOf(links: readonly Link[], derive: Derive): Chain {
  const builder = new ChainBuilder(derive);
  for (const link of links) builder.add(link);
  return builder.finish();
}

/** Values get their numbers at the end, when it is known how many inputs and constants there are. */
type Reference = readonly [kind: "input" | "constant" | "step", index: number];
/** A step, once its operands have numbers. */
type PendingStep = (number: (of: Reference) => number) => ElementwiseStep;

class ChainBuilder {
  readonly #derive: Derive;
  readonly #inputs: Value[] = [];
  readonly #constants: number[] = [];
  readonly #steps: PendingStep[] = [];
  readonly #made = new Map<Slot, Reference>();

  constructor(derive: Derive) {
    this.#derive = derive;
  }

  add(link: Link): void {
    const [output] = link.outputs;
    if (output !== undefined) this.#made.set(output.slot, this.#link(link));
  }

  finish(): Chain {
    const offsets = {
      input: 0,
      constant: this.#inputs.length,
      step: this.#inputs.length + this.#constants.length,
    };
    const steps = this.#steps.map((step) => step(([kind, index]) => offsets[kind] + index));
    const list = this.#constants;
    const name = list.map((x) => (Object.is(x, -0) ? "-0" : String(x))).join(" ");
    const make = () => tensor("float32", [list.length], list);
    return {
      spec: {
        op: "elementwise",
        inputs: this.#inputs.map(({ type }) => type),
        attributes: { constants: list.length, steps },
      },
      weights:
        list.length === 0 ? {} : { constants: this.#derive(zero("float32"), `constants ${name}`, make) },
      inputs: this.#inputs,
    };
  }

  #link({ spec, weights, inputs }: Link): Reference {
    const [x, y] = inputs.map((value) => this.#value(value));
    if (x === undefined) throw new Error(`${spec.op} has no input`);
    switch (spec.op) {
      case "unary": {
        const { function: fn } = spec.attributes;
        return this.#step((number) => ({ kind: "unary", function: fn, of: number(x) }));
      }
      case "binary": {
        const { function: fn } = spec.attributes;
        if (y === undefined || !isElementwiseBinary(fn)) throw new Error(`${fn} is no step of a chain`);
        return this.#binary(fn, x, y);
      }
      case "batchNorm": {
        const [factor, term] = affineOf(spec, weights);
        const product = this.#binary("mul", x, this.#value(knownValue(factor)));
        return this.#binary("add", product, this.#value(knownValue(term)));
      }
      case "dequantize":
      case "quantize": {
        const [scale, zeroPoint] = [this.#number(weights, "scale"), this.#number(weights, "zeroPoint")];
        const dtype = spec.op === "quantize" ? spec.attributes.dtype : undefined;
        return this.#step((number) => {
          const coding = { of: number(x), scale: number(scale), zeroPoint: number(zeroPoint) };
          return isCode(dtype) ? { kind: "quantize", dtype, ...coding } : { kind: "dequantize", ...coding };
        });
      }
    }
  }

  #binary(
    fn: Extract<ElementwiseStep, { kind: "binary" }>["function"],
    a: Reference,
    b: Reference,
  ): Reference {
    return this.#step((number) => ({ kind: "binary", function: fn, of: [number(a), number(b)] }));
  }

  #step(step: PendingStep): Reference {
    return ["step", this.#steps.push(step) - 1];
  }

  #value(value: Value): Reference {
    const made = this.#made.get(value.slot);
    if (made !== undefined) return made;
    const { type, constant } = value;
    if (constant !== undefined && type.dtype === "float32" && elementCount(type.shape) === 1)
      return this.#constant(valuesOf(constant)[0] ?? 0);
    const known = this.#inputs.findIndex((input) => isSame(input, value));
    return ["input", known === -1 ? this.#inputs.push(value) - 1 : known];
  }

  /** A number in a scalar weight; 0 where it is absent. */
  #number(weights: Weights, name: "scale" | "zeroPoint"): Reference {
    const weight = weights[name];
    return this.#constant(weight === undefined ? 0 : (valuesOf(weight)[0] ?? 0));
  }

  #constant(x: number): Reference {
    const known = this.#constants.findIndex((each) => Object.is(each, x));
    return ["constant", known === -1 ? this.#constants.push(x) - 1 : known];
  }
}

/** Whether two values are the same elements under the same shape. */
function isSame(a: Value, b: Value): boolean {
  const [shape, other] = [a.type.shape, b.type.shape];
  const isSameMemory = a.constant === undefined ? a.slot === b.slot : a.constant.data === b.constant?.data;
  return isSameMemory && shape.length === other.length && shape.every((size, axis) => size === other[axis]);
}

/**
 * A normalization with fixed statistics as a factor and a term for each channel (as onnxruntime computes it): computed
 * in float64, along the axis of the channels.
 */
function affineOf(
  { inputs, attributes: { epsilon, layout } }: Extract<LinkSpec, { op: "batchNorm" }>,
  weights: Weights,
): readonly [HostTensor, HostTensor] {
  const { scale, bias, mean, variance } = weights;
  if (scale === undefined || bias === undefined || mean === undefined || variance === undefined)
    throw new Error("batchNorm has four weights");
  const rank = inputs[0]?.shape.length ?? 0;
  const shape = [...scale.shape, ...new Array<number>(layout === "nchw" ? rank - 2 : 0).fill(1)];
  const [scales, biases, means, variances] = [scale, bias, mean, variance].map((each) => valuesOf(each));
  const factors = Array.from(scales ?? [], (x, c) => x / Math.sqrt((variances?.[c] ?? 0) + epsilon));
  const terms = factors.map((factor, c) => (biases?.[c] ?? 0) - (means?.[c] ?? 0) * factor);
  return [tensor("float32", shape, factors), tensor("float32", shape, terms)];
}
