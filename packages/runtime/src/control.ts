/**
 * Control flow is planned away: an If becomes the nodes of the branch that is taken, a Loop or Scan the nodes of its
 * rounds, a call of a function of the model the nodes of its body. A condition that only a run can tell ends the
 * segment, like any other content that planning needs.
 */
import { canonicalDomain, getGraph, type NodeProto, opsetVersions } from "@bitbudget/onnx";
import { bindOutputs, type Call, enterBody } from "./body.ts";
import { planFlexAttention } from "./flex-attention.ts";
import { inlineFunction } from "./functions.ts";
import { planLoop } from "./loop.ts";
import { NodeLowering } from "./lowering.ts";
import type { Planner } from "./planner.ts";
import { planScan } from "./scan.ts";
import type { Scope, Value } from "./values.ts";

/** Operators with bodies, by domain. */
const withBodies = new Map<string, ReadonlyMap<string, (call: Call) => void>>([
  [
    "",
    new Map([
      ["If", planIf],
      ["Loop", planLoop],
      ["Scan", planScan],
    ]),
  ],
  ["ai.onnx.preview", new Map([["FlexAttention", planFlexAttention]])],
]);

function bodyPlanner({ domain, opType }: NodeProto): ((call: Call) => void) | undefined {
  return withBodies.get(canonicalDomain(domain))?.get(opType);
}

export function isControlFlow(node: NodeProto): boolean {
  return bodyPlanner(node) !== undefined;
}

/** Operators of a domain that have bodies. */
export function controlFlowNames(domain: string): string[] {
  return [...(withBodies.get(domain)?.keys() ?? [])];
}

/** Plans a node that has a body. Returns false for any other node. */
export function expand(
  node: NodeProto,
  scope: Scope,
  inputs: readonly (Value | undefined)[],
  planner: Planner,
): boolean {
  const { program } = planner.options;
  const body = program.function(node);
  if (body !== undefined) {
    const inner: Scope = { opsets: opsetVersions(body.opsetImport) };
    for (const [i, name] of body.input.entries()) {
      const value = inputs[i];
      if (value !== undefined) planner.environment.set(inner, name, value);
    }
    const tasks = inlineFunction(body, node).map((inlined) => program.task(inlined, inner));
    planner.next(...tasks, bindOutputs(node, scope, inner, body.output));
    return true;
  }
  const plan = bodyPlanner(node);
  if (plan === undefined) return false;
  const label = program.label(node);
  const lowering = new NodeLowering(planner, node, program.opset(scope, node.domain), inputs, label);
  plan({ node, scope, inputs, planner, lowering });
  return true;
}

function planIf({ node, scope, planner, lowering }: Call): void {
  const branch = getGraph(node, lowering.scalar(0) !== 0 ? "then_branch" : "else_branch");
  const { inner, tasks } = enterBody(branch, scope, planner);
  const results = branch.output.map(({ name }) => name);
  planner.next(...tasks, bindOutputs(node, scope, inner, results));
}
