/** Where the time of a step goes. */
import type { ProfileRow } from "@bitbudget/runtime";

export interface StepProfile {
  /** Time of each kernel. Those of a gradient have the name of its node: "gradient of conv1". */
  readonly kernels: readonly ProfileRow[];
  readonly kernelMs: number;
  /** What the backend's run takes beside its kernels: the copies of feeds, parameters and gradients, and dispatching. */
  readonly copyMs: number;
  /** Clipping and the optimizer, on the host. */
  readonly optimizerMs: number;
  /** The times by node, the longest first. */
  toString(): string;
}

export function stepProfile(kernels: readonly ProfileRow[], runMs: number, optimizerMs: number): StepProfile {
  const kernelMs = kernels.reduce((sum, { ms }) => sum + ms, 0);
  // Kernels are timed by themselves, several times: together they may take longer than the run did.
  const copyMs = Math.max(0, runMs - kernelMs);
  return { kernels, kernelMs, copyMs, optimizerMs, toString: () => table(kernels, copyMs, optimizerMs) };
}

/** As many nodes have lines of their own. */
const NODES = 20;

function table(kernels: readonly ProfileRow[], copyMs: number, optimizerMs: number): string {
  const byNode = new Map<string, number>();
  for (const { node, ms } of kernels) byNode.set(node, (byNode.get(node) ?? 0) + ms);
  const nodes = [...byNode].sort(([, a], [, b]) => b - a);
  const rest = nodes.slice(NODES);
  const lines: [string, number][] = [...nodes.slice(0, NODES)];
  if (rest.length > 0) lines.push([`${rest.length} more nodes`, rest.reduce((sum, [, ms]) => sum + ms, 0)]);
  lines.push(["copies and dispatching", copyMs], ["optimizer", optimizerMs]);
  const total = lines.reduce((sum, [, ms]) => sum + ms, 0);
  const width = Math.max(...lines.map(([name]) => name.length));
  return [...lines, ["step", total] as const]
    .map(([name, ms]) => {
      const share = `${Math.round((100 * ms) / total)} %`;
      return `${name.padEnd(width)}  ${ms.toFixed(2).padStart(8)} ms  ${share.padStart(5)}`;
    })
    .join("\n");
}
