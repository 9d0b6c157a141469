/** What the passes ask of a graph: constants, sole consumers, nodes by operator. */
import type { HostTensor } from "@bitbudget/core";
import {
  canonicalDomain,
  type Graph,
  getTensor,
  type NodeProto,
  tensorValue,
  toTensorProto,
} from "@bitbudget/onnx";

/** Operators of this domain exist only inside of a session: passes make them and src/operators lowers them. */
export const INTERNAL = "bitbudget";

export function isOp(node: NodeProto, ...opTypes: readonly string[]): boolean;
export function isOp(node: NodeProto | undefined, ...opTypes: readonly string[]): node is NodeProto;
export function isOp(node: NodeProto | undefined, ...opTypes: readonly string[]): boolean {
  return node !== undefined && canonicalDomain(node.domain) === "" && opTypes.includes(node.opType);
}

/** Nodes of some standard operators, as they are now: the list stays when the graph is edited. */
export function nodesOf(graph: Graph, ...opTypes: readonly string[]): NodeProto[] {
  return graph.nodes.filter((node) => isOp(node, ...opTypes));
}

/** Content of a value that is an initializer or comes from a Constant node. */
export function constant(graph: Graph, name: string | undefined): HostTensor | undefined {
  if (name === undefined || name === "") return undefined;
  const initializer = graph.initializers.get(name);
  // What callers of an old model may feed is not a constant to them, though it has a default.
  if (initializer !== undefined) return isPlain(initializer.dataType) ? tensorValue(initializer) : undefined;
  const node = graph.producer(name);
  if (!isOp(node, "Constant") || !node.attribute.some((attribute) => attribute.name === "value"))
    return undefined;
  const tensor = getTensor(node, "value");
  return isPlain(tensor.dataType) ? tensorValue(tensor) : undefined;
}

/** ONNX numbers of the formats that HostTensor has not: string, complex64, complex128. */
function isPlain(dataType: number): boolean {
  return ![8, 14, 15].includes(dataType);
}

/** The one node that uses a value, if there is just one use and callers do not see the value. */
export function soleConsumer(graph: Graph, value: string | undefined): NodeProto | undefined {
  if (value === undefined || graph.isOutput(value)) return undefined;
  const uses = graph.consumers(value);
  const [use] = uses;
  return uses.length === 1 && use !== undefined && use.owner === use.node ? use.node : undefined;
}

/** Adds a constant and returns its name. */
export function addConstant(graph: Graph, base: string, tensor: HostTensor): string {
  const name = graph.uniqueName(base);
  graph.initializers.set(toTensorProto(tensor, name));
  return name;
}

/** Puts one node in the place of a chain of nodes, of which the last makes the same outputs. */
export function replaceChain(graph: Graph, chain: readonly NodeProto[], replacement: NodeProto): void {
  const last = chain.at(-1);
  if (last === undefined) return;
  graph.replaceNode(last, replacement);
  for (const node of chain.slice(0, -1).toReversed()) graph.remove(node);
}
