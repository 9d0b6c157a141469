/** A kernel run once on host tensors: what oracles and constant folding need. */
import type { HostTensor } from "@bitbudget/core";
import type { Backend, Kernel } from "./backend.ts";

/** Copies the inputs to the device, runs the kernel, reads its outputs, and frees all tensors. The kernel stays. */
export async function runOnce(
  backend: Backend,
  kernel: Kernel,
  inputs: readonly HostTensor[],
): Promise<HostTensor[]> {
  const from = inputs.map((input) => backend.create(input, input.data));
  const to = kernel.outputs.map((type) => backend.create(type));
  try {
    backend.dispatch(kernel, from, to);
    return await Promise.all(to.map((tensor) => backend.read(tensor)));
  } finally {
    for (const tensor of [...from, ...to]) tensor.dispose();
  }
}
