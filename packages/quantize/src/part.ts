/** Parts of a model as models of their own, on the same tensors. */
import type { HostTensor } from "@bitbudget/core";
import {
  clone,
  create,
  type Graph,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeValueInfo,
  type NodeProto,
  NodeProtoSchema,
  usesOf,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "@bitbudget/onnx";

/** Names that a node reads, those of graphs inside of it included. */
export function inputsOf(node: NodeProto): string[] {
  return [...new Set(usesNames(node))];
}

function* usesNames(node: NodeProto): Generator<string> {
  for (const [name] of usesOf(node)) yield name;
}

/** Values that nodes read and do not make themselves; constants of the graph are none. */
export function openInputs(graph: Graph, nodes: readonly NodeProto[]): string[] {
  const made = new Set(nodes.flatMap(({ output }) => output));
  const read = new Set(nodes.flatMap(inputsOf));
  return [...read].filter((name) => !made.has(name) && !graph.initializers.has(name));
}

/**
 * A model of some nodes of another one's main graph, with inputs of the types of `feeds`.
 * @param options.fixed whether the inputs have the shapes of `feeds`, too. Default true
 */
export function partOf(
  model: ModelProto,
  graph: Graph,
  nodes: readonly NodeProto[],
  feeds: Readonly<Record<string, HostTensor>>,
  outputs: readonly string[],
  { fixed = true }: { readonly fixed?: boolean } = {},
): ModelProto {
  const input = Object.entries(feeds).map(([name, { dtype, shape }]) =>
    makeValueInfo(name, dtype, fixed ? shape : undefined),
  );
  return assemble(model, graph, nodes, input, outputs);
}

/** The first nodes of the main graph, in topological order, with all values that others use as outputs. */
export function prefixOf(
  model: ModelProto,
  graph: Graph,
  order: readonly NodeProto[],
  count: number,
): ModelProto {
  const nodes = order.slice(0, count);
  const inside = new Set(nodes);
  const outputs = nodes
    .flatMap(({ output }) => output)
    .filter(
      (name) =>
        name !== "" && (graph.isOutput(name) || graph.consumers(name).some(({ node }) => !inside.has(node))),
    );
  return assemble(model, graph, nodes, [...graph.inputs], outputs);
}

function assemble(
  model: ModelProto,
  graph: Graph,
  nodes: readonly NodeProto[],
  input: ValueInfoProto[],
  outputs: readonly string[],
): ModelProto {
  const used = new Set(nodes.flatMap(inputsOf));
  const declared = new Map(graph.outputs.map((info) => [info.name, info]));
  return create(ModelProtoSchema, {
    irVersion: graph.initializersAreInputs ? 4n : model.irVersion,
    opsetImport: model.opsetImport,
    functions: model.functions,
    graph: create(GraphProtoSchema, {
      name: "part",
      node: nodes.map((node) => clone(NodeProtoSchema, node)),
      initializer: [...graph.initializers].filter(({ name }) => used.has(name)),
      input,
      // Types follow from the nodes.
      output: outputs.map((name) => declared.get(name) ?? create(ValueInfoProtoSchema, { name })),
    }),
  });
}
