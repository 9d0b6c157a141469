/** Which node it is that a runner does not load or run: as its message says, else by loading less and less of the model. */
import { Graph, type ModelProto, type NodeProto, nodeName } from "@bitbudget/onnx";
import { NodeError, UnsupportedOperatorsError } from "@bitbudget/runtime";
import { prefixOf } from "../part.ts";
import { type Fault, type FaultyNode, messageOf, VerificationError } from "./errors.ts";
import { describe, mainNode, nodeGroups } from "./groups.ts";
import type { Suspect } from "./runner.ts";

/** How onnxruntime 1.30 names nodes in its messages; the web build leaves the name out of some. */
const patterns: readonly RegExp[] = [
  /node with name '([^']+)'/,
  /of operator \([^)]*\) in node \(([^)]+)\)/,
  /In Node, \("([^"]+)"/,
  /Node ?\(([^)]+)\) Op/,
  /node\. Name: ?'([^']+)'/,
  /of node \(([^)]+)\)/,
];

/** The node that a message is about, where it names one of the graph. */
export function nodeInMessage(graph: Graph, cause: unknown): FaultyNode | undefined {
  const given = nameIn(cause);
  if (given === undefined) return undefined;
  const exact = graph.nodes.find((node) => nodeName(node) === given || node.name === given);
  if (exact !== undefined) return describe(exact);
  // Fused nodes are named after one of those that they are made of.
  const parts = graph.nodes.filter((node) => nodeName(node) !== "" && given.startsWith(nodeName(node)));
  const longest = parts.toSorted((a, b) => nodeName(b).length - nodeName(a).length)[0];
  return longest && describe(longest);
}

function nameIn(cause: unknown): string | undefined {
  if (cause instanceof UnsupportedOperatorsError) return cause.nodes[0]?.name;
  if (cause instanceof NodeError) return cause.node;
  const message = messageOf(cause);
  for (const pattern of patterns) {
    const name = pattern.exec(message)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** @param within what to name where no smaller part of the model fails */
export async function loadFault(
  model: ModelProto,
  suspect: Suspect,
  cause: unknown,
  within?: FaultyNode,
): Promise<VerificationError> {
  const graph = Graph.of(model);
  const node = nodeInMessage(graph, cause) ?? (await bisect(model, graph, suspect)) ?? within;
  const group = nodeGroups(graph).find(({ nodes }) =>
    nodes.some((each) => describe(each).name === node?.name),
  );
  return new VerificationError(
    {
      kind: "load",
      runner: suspect.name,
      node,
      group: group?.nodes.map((each) => describe(each).name) ?? [],
      difference: undefined,
    },
    `the model does not load: ${messageOf(cause)}; give this layer another scheme or encoding for this target, or leave it float`,
    { cause },
  );
}

/** A run that failed. */
export function runFault(
  model: ModelProto,
  runner: string,
  cause: unknown,
  { node, group = [] }: Partial<Pick<Fault, "node" | "group">> = {},
): VerificationError {
  const found = nodeInMessage(Graph.of(model), cause) ?? node;
  return new VerificationError(
    { kind: "run", runner, node: found, group, difference: undefined },
    `the run failed: ${messageOf(cause)}; leave this layer float, or give it another scheme or encoding`,
    { cause },
  );
}

/** The last node of the shortest start of the model that does not load. */
async function bisect(model: ModelProto, graph: Graph, suspect: Suspect): Promise<FaultyNode | undefined> {
  const order = graph.order();
  const loads = async (count: number): Promise<boolean> => {
    try {
      await (await suspect.open(prefixOf(model, graph, order, count))).dispose();
      return true;
    } catch {
      return false;
    }
  };
  let [good, bad] = [0, order.length];
  if (bad === 0 || (await loads(bad))) return undefined;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (await loads(middle)) good = middle;
    else bad = middle;
  }
  return describe(asLayer(graph, order[bad - 1]!));
}

/** A QuantizeLinear that ends a fused group fails for what it is fused with. */
function asLayer(graph: Graph, node: NodeProto): NodeProto {
  const group = nodeGroups(graph).find(({ nodes }) => nodes.at(-1) === node);
  return group === undefined ? node : mainNode(group);
}
