/** What a backend does not run of a plan, all of it at once. */
import type { Backend } from "@bitbudget/backend";
import { type UnsupportedNode, UnsupportedOperatorsError } from "./errors.ts";
import { describeKernel } from "./plan-table.ts";
import type { Step } from "./steps.ts";

/** @throws UnsupportedOperatorsError that lists every kernel that the backend lacks, once for each node */
export function refuseFallbacks({ name: backend }: Backend, steps: readonly Step[]): void {
  const nodes = new Map<string, UnsupportedNode>();
  for (const step of steps) {
    if (step.kind !== "fallback") continue;
    const { node: name, domain, opType, opset } = step;
    const reason = `${backend} does not run ${describeKernel(step.spec)}: ${step.reason}`;
    // A node in a loop is planned in every round.
    nodes.set(`${domain} ${opType} ${name} ${reason}`, { name, domain, opType, opset, reason });
  }
  if (nodes.size > 0) throw new UnsupportedOperatorsError([...nodes.values()]);
}
