/** Operations and bytes of one run: what a roofline needs, whatever the backend. */
import { dtypes, type TensorType } from "@bitbudget/core";
import { size } from "./ops/definition.ts";
import { definitionOf } from "./ops/index.ts";
import type { KernelSpec, OpName } from "./spec.ts";

export interface Cost {
  /** Arithmetic operations; a multiply-add counts as two. */
  readonly operations: number;
  /** Bytes of all inputs, weights and outputs, each once, in their formats. */
  readonly inputBytes: number;
  readonly weightBytes: number;
  readonly outputBytes: number;
}

export function costOf<O extends OpName>(spec: KernelSpec<O>): Cost {
  const definition = definitionOf(spec);
  const weights: readonly (TensorType | undefined)[] = Object.values(definition.weights?.(spec) ?? {});
  return {
    operations: definition.operations(spec),
    inputBytes: totalBytes(spec.inputs),
    weightBytes: totalBytes(weights),
    outputBytes: totalBytes(definition.outputs(spec)),
  };
}

function totalBytes(types: readonly (TensorType | undefined)[]): number {
  return types.reduce(
    (sum, type) =>
      type === undefined ? sum : sum + Math.ceil((size(type.shape) * dtypes[type.dtype].bits) / 8),
    0,
  );
}
