/** Groups of nodes that a runtime may fuse, so that each can be tried by itself: what lies between values that are compared. */
import { canonicalDomain, type Graph, type NodeProto, nodeName } from "@bitbudget/onnx";
import { inputsOf } from "../part.ts";

export interface NodeGroup {
  /** In topological order; the last one makes `outputs`. A node that only decodes may be in several groups. */
  readonly nodes: readonly NodeProto[];
  /** Names of its values that others use. */
  readonly outputs: readonly string[];
}

/** Functions that runtimes compute within the node before them. */
const pointwise: ReadonlySet<string> = new Set(["Relu", "Clip", "LeakyRelu", "Sigmoid", "Tanh", "HardSwish"]);

/**
 * Groups in topological order: DequantizeLinear is with each of its users, what is quantized is with its
 * QuantizeLinear, and so is an activation function in between. All other nodes are on their own.
 */
export function nodeGroups(graph: Graph): NodeGroup[] {
  const inside = new Set(graph.nodes.filter((node) => isInside(graph, node)));
  return graph.order().flatMap((node) => {
    if (inside.has(node)) return [];
    const outputs = usedOutputs(graph, node);
    return outputs.length === 0 ? [] : [{ nodes: withInside(graph, node, inside), outputs }];
  });
}

/** One group for each node of a group. */
export function singles(graph: Graph, { nodes }: NodeGroup): NodeGroup[] {
  return nodes.map((node) => ({ nodes: [node], outputs: usedOutputs(graph, node) }));
}

/** What a group is about: the first node that does more than to change the format. */
export function mainNode({ nodes }: NodeGroup): NodeProto {
  return nodes.find((node) => !isQuantize(node) && !isDequantize(node)) ?? nodes.at(-1)!;
}

function usedOutputs(graph: Graph, { output }: NodeProto): string[] {
  return output.filter((name) => name !== "" && (graph.isOutput(name) || graph.consumers(name).length > 0));
}

/** Whether a node's output is for the nodes of its group alone. */
function isInside(graph: Graph, node: NodeProto): boolean {
  if (node.output.some((name) => graph.isOutput(name))) return false;
  if (isDequantize(node)) return true;
  const users = node.output.flatMap((name) => graph.consumers(name).map((use) => use.node));
  if (users.length === 0) return false;
  if (users.every(isQuantize)) return true;
  const [only] = users;
  return users.length === 1 && pointwise.has(only!.opType) && isInside(graph, only!);
}

function withInside(graph: Graph, last: NodeProto, inside: ReadonlySet<NodeProto>): NodeProto[] {
  const members = new Set<NodeProto>();
  const visit = (node: NodeProto) => {
    if (members.has(node)) return;
    for (const name of inputsOf(node)) {
      const producer = graph.producer(name);
      if (producer !== undefined && inside.has(producer)) visit(producer);
    }
    members.add(node);
  };
  visit(last);
  return [...members];
}

function isQuantize(node: NodeProto): boolean {
  return isStandard(node, "QuantizeLinear");
}

function isDequantize(node: NodeProto): boolean {
  return isStandard(node, "DequantizeLinear");
}

/** The operators of com.microsoft have the same names. */
function isStandard({ opType, domain }: NodeProto, name: string): boolean {
  const canonical = canonicalDomain(domain);
  return opType === name && (canonical === "" || canonical === "com.microsoft");
}

export function describe(node: NodeProto): {
  readonly name: string;
  readonly opType: string;
  readonly value: string;
} {
  return { name: nodeName(node), opType: node.opType, value: node.output.find((name) => name !== "") ?? "" };
}
