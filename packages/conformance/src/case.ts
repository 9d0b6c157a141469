/**
 * A case: one spec and the numbers to run it on, as plain data. The same list of cases feeds the correctness tests, the
 * support matrix and the timings of every backend.
 */
import { type AnySpec, definitionOf, type WeightName } from "@bitbudget/backend";
import type { HostTensor, TensorType } from "@bitbudget/core";
import { hash } from "./random.ts";
import { defaultRecipe, makeTensor, type Recipe } from "./recipe.ts";

export interface Case {
  /** Readable and stable, e.g. `linear/static/uint8xint8-channel-uint8/m1k33n9`. Starts with the op. */
  readonly id: string;
  readonly spec: AnySpec;
  /** From the id, so that a new case changes the numbers of no other. */
  readonly seed: number;
  /** One recipe for each input. */
  readonly inputs: readonly Recipe[];
  /** One recipe for each weight that the spec needs. */
  readonly weights: { readonly [W in WeightName]?: Recipe };
  /**
   * Results worked out by hand, one list of numbers for each output. Where they are absent, backend-js says what is
   * right; where they are there, they hold backend-js to account as well.
   */
  readonly expected?: readonly (readonly number[])[];
}

/**
 * What a case says about its numbers. Inputs and weights that it leaves out get default recipes; recipes of weights that
 * the spec has no use for are left out, so that cases may share them.
 */
export interface CaseData {
  readonly inputs?: readonly (Recipe | undefined)[];
  readonly weights?: { readonly [W in WeightName]?: Recipe };
  readonly expected?: readonly (readonly number[])[];
}

/** A case with recipes for everything the spec needs. Throws SpecError for a spec that makes no sense. */
export function defineCase(id: string, spec: AnySpec, data: CaseData = {}): Case {
  const weights: { [W in WeightName]?: Recipe } = {};
  for (const [role, type] of weightTypes(spec))
    weights[role] = data.weights?.[role] ?? defaultRecipe(type.dtype);
  return {
    id,
    spec,
    seed: hash(id),
    inputs: spec.inputs.map((type, i) => data.inputs?.[i] ?? defaultRecipe(type.dtype)),
    weights,
    ...(data.expected === undefined ? {} : { expected: data.expected }),
  };
}

export interface CaseTensors {
  readonly inputs: readonly HostTensor[];
  readonly weights: { readonly [W in WeightName]?: HostTensor };
}

/** The numbers of a case: the same ones every time, on every engine. */
export function makeTensors({ spec, seed, inputs, weights }: Case): CaseTensors {
  const made: { [W in WeightName]?: HostTensor } = {};
  for (const [role, type] of weightTypes(spec))
    made[role] = makeTensor(type, weights[role] ?? defaultRecipe(type.dtype), (seed + hash(role)) >>> 0);
  return {
    inputs: spec.inputs.map((type, i) =>
      makeTensor(type, inputs[i] ?? defaultRecipe(type.dtype), (seed + hash(`inputs[${i}]`)) >>> 0),
    ),
    weights: made,
  };
}

/** The weights that a spec needs, with their types. */
export function weightTypes(spec: AnySpec): [WeightName, TensorType][] {
  const types: { readonly [W in WeightName]?: TensorType } =
    definitionOf<AnySpec["op"]>(spec).weights?.(spec) ?? {};
  return Object.entries(types).filter((entry): entry is [WeightName, TensorType] => entry[1] !== undefined);
}
