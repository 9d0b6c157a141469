/** backend-js as the judge: runs a problem and gives back what the specification makes of it. */
import { type AnySpec, type Backend, runOnce, type WeightName } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import type { HostTensor } from "@bitbudget/core";

/** A spec with all numbers that it needs. */
export interface Problem {
  readonly spec: AnySpec;
  readonly inputs: readonly HostTensor[];
  readonly weights: { readonly [W in WeightName]?: HostTensor };
}

let opened: Promise<Backend> | undefined;

/** The outputs that the specification asks for. */
export async function solve({ spec, inputs, weights }: Problem): Promise<HostTensor[]> {
  opened ??= open();
  const backend = await opened;
  using kernel = await backend.prepare<AnySpec["op"]>(spec, weights);
  return await runOnce(backend, kernel, inputs);
}
