/**
 * A kernel spec is plain, frozen, serializable data: an op, the types of its inputs, its attributes. It says
 * everything but the numbers in the weights, and it is the only cache key.
 */
import type { HostTensor, TensorType } from "@bitbudget/core";
import type { OpMap } from "./ops/index.ts";

export type OpName = keyof OpMap;

export interface KernelSpec<O extends OpName = OpName> {
  readonly op: O;
  readonly inputs: readonly TensorType[];
  readonly attributes: OpMap[O]["attributes"];
}

/** The union of all specs, in which `op` tells the attributes. */
export type AnySpec = { readonly [O in OpName]: KernelSpec<O> }[OpName];

/** Names of the weights an op may take; which of them a spec needs, its definition says. */
export type WeightName<O extends OpName = OpName> = OpMap[O]["weights"];
export type Weights<O extends OpName = OpName> = { readonly [W in WeightName<O>]?: HostTensor };

/** Canonical text of a spec: equal for specs that mean the same, whatever the order of their keys. */
export function specKey(spec: KernelSpec): string {
  return JSON.stringify(spec, (_key, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** A deep, frozen copy, so that nobody can change a spec that has become a key. */
export function freezeSpec<O extends OpName>(spec: KernelSpec<O>): KernelSpec<O> {
  return frozenCopy(spec);
}

function frozenCopy<T>(value: T): T;
function frozenCopy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((entry) => frozenCopy(entry)));
  return Object.freeze(
    Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, frozenCopy(entry)])),
  );
}
