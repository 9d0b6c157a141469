/** Constant folding: runs steps whose inputs are all known, on the host, while planning. */
import { type Backend, runOnce } from "@bitbudget/backend";
import type { HostTensor } from "@bitbudget/core";
import type { Step } from "./steps.ts";
import type { Slot, Value } from "./values.ts";

/** Content of everything that the steps make, by slot. */
export async function foldSteps(
  steps: readonly Step[],
  backend: Backend,
): Promise<ReadonlyMap<Slot, HostTensor>> {
  const results = new Map<Slot, HostTensor>();
  const contentOf = (value: Value): HostTensor => {
    const made = results.get(value.slot);
    if (made !== undefined) return { ...value.type, data: made.data };
    if (value.constant === undefined) throw new Error("a folded step reads what is not known");
    return value.constant;
  };
  for (const step of steps) {
    const inputs = step.inputs.map(contentOf);
    const outputs = step.kind === "host" ? step.compute(inputs) : await runKernel(backend, step, inputs);
    for (const [i, { slot }] of step.outputs.entries()) {
      const tensor = outputs[i];
      if (tensor !== undefined) results.set(slot, tensor);
    }
  }
  return results;
}

async function runKernel(
  backend: Backend,
  step: Exclude<Step, { kind: "host" }>,
  inputs: readonly HostTensor[],
): Promise<readonly HostTensor[]> {
  using kernel = await backend.prepare(step.spec, step.weights);
  return await runOnce(backend, kernel, inputs);
}
