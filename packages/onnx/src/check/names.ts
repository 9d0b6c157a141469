/** Every name has one definition, every use has a definition before it, and no node needs its own output. */
import {
  CycleError,
  DanglingNameError,
  DuplicateNameError,
  MissingFieldError,
  type OnnxError,
  OrderError,
  quote,
} from "../errors.ts";
import { topologicalOrder } from "../graph/order.ts";
import { nodeName, placeOf } from "../graph/place.ts";
import { subgraphsOf, usesOf } from "../graph/scope.ts";
import type { GraphProto, NodeProto } from "../proto.ts";

/** Names in sight: those defined so far in a graph, then those of the graphs around it. Nothing is copied. */
class Scope {
  private readonly own: Set<string>;
  private readonly outer: Scope | undefined;
  constructor(own: Set<string>, outer: Scope | undefined) {
    this.own = own;
    this.outer = outer;
  }
  has(name: string): boolean {
    return this.own.has(name) || (this.outer?.has(name) ?? false);
  }
  add(name: string): void {
    this.own.add(name);
  }
}

/**
 * Problems with the names of a graph and of the graphs inside it.
 * @param outer what the graphs around define before the node that carries this one
 */
export function* nameProblems(graph: GraphProto, outer?: Scope): Generator<OnnxError> {
  const place = { graph: graph.name };
  const own = new Set<string>();
  for (const { name } of graph.input) {
    if (name === "")
      yield new MissingFieldError("input.name", "an input of the graph has no name; give it one", place);
    else if (own.has(name)) yield duplicate(name, "input", place);
    own.add(name);
  }
  // An initializer may give an input of the same name its default.
  const constants = new Set<string>();
  for (const name of constantNames(graph)) {
    if (name === "")
      yield new MissingFieldError("initializer.name", "an initializer has no name; give it one", place);
    else if (constants.has(name)) yield duplicate(name, "initializer", place);
    constants.add(name);
  }
  const known = new Scope(new Set([...own, ...constants]), outer);
  const later = new Map<string, NodeProto>();
  for (const node of graph.node) {
    for (const name of node.output) {
      if (name === "") continue;
      const first = later.get(name);
      if (first !== undefined)
        yield duplicate(name, `output of node ${quote(nodeName(first))}`, placeOf(node, name));
      else if (own.has(name)) yield duplicate(name, "input of the graph", placeOf(node, name));
      else if (constants.has(name)) yield duplicate(name, "initializer", placeOf(node, name));
      later.set(name, node);
    }
  }
  const cycle = findCycle(graph);
  if (cycle !== undefined) yield cycle;
  // What a subgraph uses too early is reported of the node that carries it: inside, all names of this graph count.
  const inside = new Scope(new Set([...own, ...constants, ...later.keys()]), outer);
  for (const node of graph.node) {
    for (const [name, use] of usesOf(node)) {
      if (known.has(name)) continue;
      const maker = later.get(name);
      if (maker !== undefined && cycle === undefined) yield outOfOrder(name, node, maker);
      if (maker === undefined && use.owner === node) yield dangling(name, placeOf(node, name));
    }
    for (const inner of subgraphsOf(node)) yield* nameProblems(inner, inside);
    for (const name of node.output) if (name !== "") known.add(name);
  }
  for (const { name } of graph.output) {
    if (name === "")
      yield new MissingFieldError("output.name", "an output of the graph has no name; give it one", place);
    else if (!known.has(name)) yield dangling(name, { ...place, value: name });
  }
}

function* constantNames(graph: GraphProto): Generator<string> {
  for (const tensor of graph.initializer) yield tensor.name;
  for (const sparse of graph.sparseInitializer) yield sparse.values?.name ?? "";
}

function findCycle(graph: GraphProto): CycleError | undefined {
  try {
    topologicalOrder(graph);
    return undefined;
  } catch (error) {
    if (error instanceof CycleError) return error;
    throw error;
  }
}

function duplicate(name: string, what: string, place: OnnxError["place"]): DuplicateNameError {
  return new DuplicateNameError(
    `${quote(name)} is defined twice: it is already an ${what}; rename one of them`,
    {
      ...place,
      value: name,
    },
  );
}

function outOfOrder(name: string, node: NodeProto, maker: NodeProto): OrderError {
  const detail =
    `node ${quote(nodeName(node))} uses ${quote(name)} before node ${quote(nodeName(maker))} makes it; ` +
    "put the nodes in order with Graph.sort";
  return new OrderError(detail, placeOf(node, name));
}

function dangling(name: string, place: OnnxError["place"]): DanglingNameError {
  const user = place.node === undefined ? "an output of the graph" : `node ${quote(place.node)}`;
  const detail = `${user} uses ${quote(name)}, which nothing defines; add an initializer, an input or a node that makes it`;
  return new DanglingNameError(detail, { ...place, value: name });
}
