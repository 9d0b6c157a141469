/** What the passes ask of a graph: constants, sole consumers, nodes by operator. */
import { dtypes, elementCount, type HostTensor, isDType, valuesOf } from "@bitbudget/core";
import {
  canonicalDomain,
  elementType,
  type Graph,
  getTensor,
  type NodeProto,
  tensorValue,
  toTensorProto,
} from "@bitbudget/onnx";

/**
 * The domain of operators that no standard has: passes make them inside of a session, training builds its gradients of
 * them (`src/operators/gradients.ts`), and src/operators lowers them.
 */
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
  // Also where a file lists it among its inputs as well, as old ones do: a session takes no feeds for initializers.
  if (initializer !== undefined) return isPlain(initializer.dataType) ? tensorValue(initializer) : undefined;
  const node = graph.producer(name);
  if (!isOp(node, "Constant") || !node.attribute.some((attribute) => attribute.name === "value"))
    return undefined;
  const tensor = getTensor(node, "value");
  return isPlain(tensor.dataType) ? tensorValue(tensor) : undefined;
}

/** Content of a constant of one element, under a shape that does not add axes to what it is combined with. */
export function constantNumber(graph: Graph, name: string | undefined): number | undefined {
  const tensor = constant(graph, name);
  if (tensor === undefined || tensor.shape.length > 1 || elementCount(tensor.shape) !== 1) return undefined;
  return valuesOf(tensor)[0];
}

/** A constant matrix of floats: what a product can keep packed. */
export function floatMatrix(graph: Graph, name: string | undefined): HostTensor | undefined {
  const tensor = constant(graph, name);
  const isFloat = tensor !== undefined && dtypes[tensor.dtype].kind === "float";
  return isFloat && tensor.shape.length === 2 ? tensor : undefined;
}

/** Whether ONNX's number is that of a format that a HostTensor has; strings and complex numbers are not. */
function isPlain(dataType: number): boolean {
  return isDType(elementType(dataType));
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

/** Puts other nodes in the place of a chain of nodes; the last one makes the outputs of the chain's last. */
export function replaceChain(
  graph: Graph,
  chain: readonly NodeProto[],
  ...replacements: readonly NodeProto[]
): void {
  const last = chain.at(-1);
  if (last === undefined) return;
  graph.replaceNode(last, ...replacements);
  for (const node of chain.slice(0, -1).toReversed()) graph.remove(node);
}
