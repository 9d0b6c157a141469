/** Checks of specs, weights and data, written once for every backend. */
import {
  allocateStorage,
  elementCount,
  type HostTensor,
  isDType,
  isStorage,
  type Storage,
  storageBytes,
  type TensorType,
} from "@bitbudget/core";
import { describeType, OperandError, SpecError } from "./errors.ts";
import { definitionOf, opNames } from "./ops/index.ts";
import type { KernelSpec, OpName, Weights } from "./spec.ts";

/** Throws SpecError unless the spec makes sense. */
export function checkSpec<O extends OpName>(spec: KernelSpec<O>): void {
  if (!opNames.includes(spec.op)) throw new SpecError(spec.op, "op", "is not in the contract");
  for (const [i, type] of spec.inputs.entries()) {
    if (!isDType(type.dtype))
      throw new SpecError(spec.op, `inputs[${i}].dtype`, `is unknown: ${String(type.dtype)}`);
    elementCount(type.shape);
  }
  definitionOf(spec).outputs(spec);
}

/** Throws OperandError unless exactly the weights that the spec needs are there, in their types. */
export function checkWeights<O extends OpName>(spec: KernelSpec<O>, weights: Weights<O>): void {
  const expected = new Map<string, TensorType>(Object.entries(definitionOf(spec).weights?.(spec) ?? {}));
  const given = new Map<string, HostTensor>(Object.entries(weights));
  for (const [role, type] of expected) {
    const tensor = given.get(role);
    if (tensor === undefined)
      throw new OperandError(spec.op, `weights.${role}`, describeType(type), "missing");
    if (!sameType(tensor, type))
      throw new OperandError(spec.op, `weights.${role}`, describeType(type), describeType(tensor));
    checkStorage(spec.op, `weights.${role}`, type, tensor.data);
  }
  for (const role of given.keys())
    if (!expected.has(role))
      throw new OperandError(spec.op, `weights.${role}`, "absent: the spec has no use for it", "given");
}

/** Throws unless the type is sound and the data, where given, is of its array type and exactly as long as it says. */
export function checkStorage(op: string, role: string, type: TensorType, data: Storage | undefined): void {
  const bytes = typeBytes(type);
  if (data === undefined || (isStorage(type.dtype, data) && data.byteLength === bytes)) return;
  const { name } = allocateStorage(type.dtype, 0).constructor;
  const given = `${data.constructor.name} of ${data.byteLength} bytes`;
  throw new OperandError(op, role, `${name} of ${bytes} bytes for ${describeType(type)}`, given);
}

export function sameType(a: TensorType, b: TensorType): boolean {
  return (
    a.dtype === b.dtype &&
    a.shape.length === b.shape.length &&
    a.shape.every((size, i) => size === b.shape[i])
  );
}

/** Bytes of a tensor's codes. */
export function typeBytes(type: TensorType): number {
  return storageBytes(type.dtype, type.shape);
}
