/**
 * Who defines and who uses a name. The graphs of If, Loop and Scan see the names of the graphs around them, so a
 * node also uses what its subgraphs use and do not define themselves.
 */
import type { GraphProto, NodeProto } from "../proto.ts";

/** One mention of a value. */
export interface Use {
  /** The node of the graph at hand that uses the value, itself or through a subgraph. */
  readonly node: NodeProto;
  /** What names the value: `node`, or else a node or a graph somewhere inside its subgraphs. */
  readonly owner: NodeProto | GraphProto;
  /** Position among the inputs of a node, or among the outputs of a graph. */
  readonly slot: number;
}

/** The subgraphs that a node carries in its attributes. */
export function subgraphsOf(node: NodeProto): GraphProto[] {
  const graphs: GraphProto[] = [];
  for (const attribute of node.attribute) {
    if (attribute.g !== undefined) graphs.push(attribute.g);
    graphs.push(...attribute.graphs);
  }
  return graphs;
}

/** Names that a graph itself defines: inputs, initializers, outputs of its nodes. */
export function* definedNames(graph: GraphProto): Generator<string> {
  for (const input of graph.input) yield input.name;
  for (const tensor of graph.initializer) yield tensor.name;
  for (const sparse of graph.sparseInitializer) yield sparse.values?.name ?? "";
  for (const node of graph.node) {
    for (const name of node.output) if (name !== "") yield name;
  }
}

/** All mentions of outer values by a node: its inputs, and the captures of its subgraphs. */
export function* usesOf(node: NodeProto): Generator<[name: string, use: Use]> {
  for (const [slot, name] of node.input.entries()) {
    if (name !== "") yield [name, { node, owner: node, slot }];
  }
  for (const graph of subgraphsOf(node)) yield* captures(graph, node, new Set());
}

function* captures(
  graph: GraphProto,
  node: NodeProto,
  hidden: ReadonlySet<string>,
): Generator<[string, Use]> {
  const own = new Set(hidden);
  for (const name of definedNames(graph)) own.add(name);
  for (const inner of graph.node) {
    for (const [slot, name] of inner.input.entries()) {
      if (name !== "" && !own.has(name)) yield [name, { node, owner: inner, slot }];
    }
    for (const subgraph of subgraphsOf(inner)) yield* captures(subgraph, node, own);
  }
  for (const [slot, { name }] of graph.output.entries()) {
    if (name !== "" && !own.has(name)) yield [name, { node, owner: graph, slot }];
  }
}

/** Whether a graph inside a node defines a name, which there hides the outer value of that name. */
export function hidesInside(node: NodeProto, name: string): boolean {
  return subgraphsOf(node).some((graph) => {
    for (const defined of definedNames(graph)) if (defined === name) return true;
    return graph.node.some((inner) => hidesInside(inner, name));
  });
}

/** Makes a use name another value. */
export function setUse(use: Use, name: string): void {
  const { owner, slot } = use;
  if (owner.$typeName === "onnx.NodeProto") owner.input[slot] = name;
  else owner.output[slot]!.name = name;
}

/** Every name that occurs in a graph or below: of values and of nodes. */
export function* allNames(graph: GraphProto): Generator<string> {
  yield* definedNames(graph);
  for (const output of graph.output) yield output.name;
  for (const node of graph.node) {
    yield node.name;
    yield* node.input;
    for (const subgraph of subgraphsOf(node)) yield* allNames(subgraph);
  }
}
