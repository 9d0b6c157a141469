/** Inputs of host steps as float64 arrays: constants are decoded once in a session, the rest in every run. */
import { type HostTensor, tensor } from "@bitbudget/core";
import { floatsOf } from "../host/tensors.ts";
import type { Lowering } from "../operator.ts";
import type { Value } from "../values.ts";

/** The elements of an input of the node. */
export type Read = (index: number) => Float64Array;

export interface HostInputs {
  /** What the host step takes: the inputs that are not constant. */
  readonly values: readonly Value[];
  of(tensors: readonly HostTensor[]): {
    readonly read: Read;
    /** Undefined where the input is left out. */
    find(index: number): Float64Array | undefined;
  };
}

/** @param indices of the node's inputs; those that are left out are skipped */
export function hostInputs(context: Lowering, indices: readonly number[]): HostInputs {
  const constants = new Map<number, Float64Array>();
  const varying: number[] = [];
  for (const index of indices) {
    const constant = context.inputs[index]?.constant;
    if (constant !== undefined) constants.set(index, decodedOnce(context, constant));
    else if (context.has(index)) varying.push(index);
  }
  return {
    values: varying.map((index) => context.input(index)),
    of(tensors) {
      const decoded = new Map(constants);
      for (const [i, index] of varying.entries()) {
        const given = tensors[i];
        if (given !== undefined) decoded.set(index, floatsOf(given));
      }
      return {
        find: (index) => decoded.get(index),
        read: (index) => decoded.get(index) ?? context.fail(`needs input ${index}, which is left out`),
      };
    },
  };
}

function decodedOnce(context: Lowering, constant: HostTensor): Float64Array {
  return derivedFloats(context, constant, "float64", () => floatsOf(constant));
}

/** Numbers made from a constant once in a session, however often the node is planned. */
export function derivedFloats(
  context: Lowering,
  constant: HostTensor,
  key: string,
  make: () => Float64Array,
): Float64Array {
  const { data } = context.derived(constant, key, () => {
    const values = make();
    return tensor("float64", [values.length], values);
  });
  return data instanceof Float64Array ? data : Float64Array.from(data, Number);
}
