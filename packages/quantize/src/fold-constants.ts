/** What follows from initializers alone becomes an initializer: weights that a file stores in another shape than it uses. */
import { open } from "@bitbudget/backend-js";
import {
  canonicalDomain,
  clone,
  create,
  type Graph,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  makeValueInfo,
  type NodeProto,
  NodeProtoSchema,
  toTensorProto,
} from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";

/** Operators whose results are no larger than what they are made from. */
const foldable: ReadonlySet<string> = new Set([
  ...["Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Cast", "Concat", "Slice", "Split"],
  ...["Add", "Sub", "Mul", "Div", "Sqrt", "Neg", "Reciprocal", "Pow"],
]);

/** Computes the constant part of a graph in JavaScript, and takes its nodes out. */
export async function foldConstants(model: ModelProto, graph: Graph): Promise<void> {
  const computed = new Map<string, NodeProto>();
  const isConstant = (name: string) => name === "" || graph.initializers.has(name) || computed.has(name);
  const nodes = graph.order().filter((node) => {
    if (canonicalDomain(node.domain) !== "" || !foldable.has(node.opType)) return false;
    if (!node.input.every(isConstant) || node.output.some((name) => graph.isOutput(name))) return false;
    for (const name of node.output) computed.set(name, node);
    return true;
  });
  if (nodes.length === 0) return;
  const inside = new Set(nodes);
  const wanted = [...computed.keys()].filter((name) =>
    graph.consumers(name).some(({ node }) => !inside.has(node)),
  );
  const values = await evaluate(model, graph, nodes, wanted);
  for (const node of nodes.toReversed()) {
    const held = node.output.map((name) => [name, graph.uniqueName(`${name}_held`)] as const);
    for (const [name, other] of held) graph.replaceAllUses(name, other);
    graph.remove(node);
    for (const [name, other] of held) {
      const value = values[name];
      if (value !== undefined) graph.initializers.set(toTensorProto(value, name));
      graph.replaceAllUses(other, name);
    }
  }
}

async function evaluate(
  model: ModelProto,
  graph: Graph,
  nodes: readonly NodeProto[],
  wanted: readonly string[],
) {
  const names = new Set(nodes.flatMap(({ input }) => input));
  const part = create(ModelProtoSchema, {
    irVersion: model.irVersion,
    opsetImport: model.opsetImport,
    graph: create(GraphProtoSchema, {
      name: "constants",
      node: nodes.map((node) => clone(NodeProtoSchema, node)),
      initializer: [...graph.initializers].filter(({ name }) => names.has(name)),
      // Nothing reads the declared type.
      output: wanted.map((name) => makeValueInfo(name, "float32")),
    }),
  });
  await using backend = await open();
  await using session = await createSession(part, { backend, optimize: false });
  return await session.run({});
}
