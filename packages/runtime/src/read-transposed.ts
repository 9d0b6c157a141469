/**
 * A product of matrices reads an operand whose last two axes were exchanged where it lies, so that no transposed copy is
 * made. Works on the steps of a segment, before they are given memory; what nobody reads any more, a later pass leaves out.
 */
import type { Backend, KernelSpec } from "@bitbudget/backend";
import type { KernelStep, Step } from "./steps.ts";
import type { Slot, Value } from "./values.ts";

/** The same results from products that transpose for themselves, where the backend has them. */
export function readTransposed(steps: readonly Step[], backend: Backend): readonly Step[] {
  const transposed = new Map<Slot, Transposed>();
  return steps.map((step) => {
    if (step.kind !== "kernel") return step;
    const { spec, inputs, outputs } = step;
    const [x] = inputs;
    const [y] = outputs;
    if (
      spec.op === "transpose" &&
      x !== undefined &&
      y !== undefined &&
      exchangesLastTwo(spec.attributes.perm)
    )
      transposed.set(y.slot, { from: x, shape: y.type.shape });
    return spec.op === "matmul" ? product(step, spec, transposed, backend) : step;
  });
}

/** A value before its last two axes were exchanged, and its shape after. */
interface Transposed {
  readonly from: Value;
  readonly shape: readonly number[];
}

function exchangesLastTwo(perm: readonly number[]): boolean {
  const { length: rank } = perm;
  return rank >= 2 && perm.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
}

function product(
  step: KernelStep,
  spec: KernelSpec<"matmul">,
  transposed: ReadonlyMap<Slot, Transposed>,
  backend: Backend,
): KernelStep {
  const [a, b] = step.inputs.map((value) => {
    const known = value.constant === undefined ? transposed.get(value.slot) : undefined;
    return known?.shape.join() === value.type.shape.join() ? known?.from : undefined;
  });
  if (a === undefined && b === undefined) return step;
  const { transposeA = false, transposeB = false } = spec.attributes;
  const inputs = [a, b].map((from, i) => from ?? step.inputs[i]).filter((value) => value !== undefined);
  const read: KernelSpec<"matmul"> = {
    op: "matmul",
    inputs: inputs.map(({ type }) => type),
    attributes: {
      ...spec.attributes,
      transposeA: transposeA !== (a !== undefined),
      transposeB: transposeB !== (b !== undefined),
    },
  };
  const support = backend.supports(read);
  return support.supported ? { ...step, spec: read, inputs, arithmetic: support.arithmetic } : step;
}
