/** Removes what no output of a graph depends on. */
import type { NodeProto } from "../proto.ts";
import type { Graph } from "./graph.ts";
import { usesOf } from "./scope.ts";

/** What was taken out of a graph and its subgraphs. */
export interface Pruned {
  readonly nodes: number;
  readonly initializers: number;
}

/**
 * Removes nodes that no output needs, then initializers, types and annotations of values that are gone. Graph inputs
 * stay, because callers feed them; an optional output that nobody uses stays with its node.
 */
export function prune(graph: Graph): Pruned {
  const { proto } = graph;
  let nodes = 0;
  let initializers = 0;
  const live = liveNodes(graph);
  nodes += proto.node.length - live.size;
  proto.node = proto.node.filter((node) => live.has(node));
  graph.refresh();
  for (const node of proto.node) {
    for (const inner of graph.subgraphs(node)) {
      const pruned = prune(inner);
      nodes += pruned.nodes;
      initializers += pruned.initializers;
    }
  }
  const used = new Set(proto.output.map(({ name }) => name));
  for (const node of proto.node) for (const [name] of usesOf(node)) used.add(name);
  for (const annotation of proto.quantizationAnnotation) {
    for (const { value } of annotation.quantParameterTensorNames) used.add(value);
  }
  const before = proto.initializer.length + proto.sparseInitializer.length;
  const removed = new Set(proto.initializer.map(({ name }) => name).filter((name) => !used.has(name)));
  proto.initializer = proto.initializer.filter(({ name }) => used.has(name));
  proto.sparseInitializer = proto.sparseInitializer.filter(({ values }) => used.has(values?.name ?? ""));
  initializers += before - proto.initializer.length - proto.sparseInitializer.length;
  proto.input = proto.input.filter(({ name }) => !removed.has(name));
  graph.refresh();
  proto.valueInfo = proto.valueInfo.filter(({ name }) => graph.defines(name));
  proto.quantizationAnnotation = proto.quantizationAnnotation.filter(({ tensorName }) =>
    graph.defines(tensorName),
  );
  return { nodes, initializers };
}

function liveNodes(graph: Graph): Set<NodeProto> {
  const live = new Set<NodeProto>();
  const wanted = graph.outputs.map(({ name }) => name);
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const node = graph.producer(name);
    if (node === undefined || live.has(node)) continue;
    live.add(node);
    for (const [needed] of usesOf(node)) wanted.push(needed);
  }
  return live;
}
