/** What every op tells about itself. One file per op implements this; backends implement the arithmetic. */
import type { DType, FloatName, TensorType } from "@bitbudget/core";
import { dtypes } from "@bitbudget/core";
import type { Operands } from "../capability.ts";
import { SpecError } from "../errors.ts";
import type { AnySpec, KernelSpec, OpName, WeightName } from "../spec.ts";
import type { Tolerance } from "../tolerance.ts";

export interface OpDefinition<O extends OpName> {
  readonly op: O;
  /** One line for tables. */
  readonly summary: string;
  /** ONNX operators that lower to it. */
  readonly onnx: readonly string[];
  /** Types of the outputs. Throws SpecError where the spec contradicts itself. */
  outputs(spec: KernelSpec<O>): readonly TensorType[];
  /** Types of the weights that the spec needs, no more and no fewer. Ops without weights leave it out. */
  weights?(spec: KernelSpec<O>): WeightTypes<O>;
  /** The formats that choose the kernel. */
  operands(spec: KernelSpec<O>): Operands;
  /** Arithmetic operations of one run; a multiply-add counts as two. */
  operations(spec: KernelSpec<O>): number;
  tolerance(spec: KernelSpec<O>): Tolerance;
}

export type WeightTypes<O extends OpName> = { readonly [W in WeightName<O>]?: TensorType };

/** Fails with the part of the spec that is wrong. */
export function check(
  condition: boolean,
  spec: { readonly op: OpName },
  field: string,
  message: string,
): asserts condition {
  if (!condition) throw new SpecError(spec.op, field, message);
}

/** The one or more inputs that an op takes, each present. */
export function input(spec: AnySpec | KernelSpec, index = 0): TensorType {
  const type = spec.inputs[index];
  check(type !== undefined, spec, "inputs", `needs at least ${index + 1}, has ${spec.inputs.length}`);
  return type;
}

export function checkInputCount(spec: KernelSpec, least: number, most = least): void {
  const count = spec.inputs.length;
  const wanted =
    most === least
      ? `${least}`
      : most === Number.POSITIVE_INFINITY
        ? `${least} or more`
        : `${least} to ${most}`;
  check(count >= least && count <= most, spec, "inputs", `must be ${wanted} tensors, not ${count}`);
}

export function checkDtype(spec: KernelSpec, field: string, dtype: DType, allowed: readonly DType[]): void {
  check(allowed.includes(dtype), spec, field, `must be one of ${allowed.join(", ")}, not ${dtype}`);
}

/** Float8, float4 and codes of less than a byte are stored, not computed in. */
export function checkComputable(spec: KernelSpec, field: string, dtype: DType): void {
  const { bits, kind } = dtypes[dtype];
  const computable = bits > 8 || (bits === 8 && kind !== "float");
  check(computable, spec, field, `must be a format to compute in; cast or dequantize ${dtype} first`);
}

export function isPositiveInteger(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

export function isFloat(dtype: DType): dtype is FloatName {
  return dtypes[dtype].kind === "float";
}

export function size(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
