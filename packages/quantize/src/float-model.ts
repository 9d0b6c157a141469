/**
 * The float model that everything here starts from: opset 21, weights as initializers of the main graph, batch
 * normalizations folded into convolutions, so that a layer's weight is the one that is multiplied.
 */
import { canonicalDomain, Graph, getTensor, type ModelProto, prune, upgradeOpset } from "@bitbudget/onnx";
import { foldBatchNorm, type ModelSource, readModel } from "@bitbudget/runtime";
import { foldConstants } from "./fold-constants.ts";

/**
 * A model of its own that computes the same; weights that did not change are those of the original.
 * @throws OpsetError for a model older than opset 7, ParseError for a file that is none
 */
export async function floatModel(source: ModelSource): Promise<ModelProto> {
  return normalizeModel(await readModel(source));
}

/** As `floatModel`, for a model in hand, whose external data may stay where they are. */
export async function normalizeModel(model: ModelProto): Promise<ModelProto> {
  const normalized = upgradeOpset(model);
  const graph = Graph.of(normalized);
  constantsToInitializers(graph);
  dropIdentities(graph);
  await foldConstants(normalized, graph);
  foldBatchNorm(graph);
  graph.sort();
  prune(graph);
  return normalized;
}

function constantsToInitializers(graph: Graph): void {
  for (const node of graph.nodes) for (const inner of graph.subgraphs(node)) constantsToInitializers(inner);
  for (const node of [...graph.nodes]) {
    if (node.opType !== "Constant" || canonicalDomain(node.domain) !== "") continue;
    if (!node.attribute.some(({ name }) => name === "value") || graph.isOutput(node.output[0] ?? ""))
      continue;
    const tensor = getTensor(node, "value");
    const [name = ""] = node.output;
    // The name is free only when nothing makes it any more.
    const held = graph.uniqueName(`${name}_held`);
    graph.replaceAllUses(name, held);
    graph.remove(node);
    tensor.name = name;
    graph.initializers.set(tensor);
    graph.replaceAllUses(held, name);
  }
}

function dropIdentities(graph: Graph): void {
  for (const node of [...graph.nodes]) {
    if (node.opType !== "Identity" || canonicalDomain(node.domain) !== "") continue;
    const [from = ""] = node.input;
    const [to = ""] = node.output;
    if (graph.isOutput(to)) continue;
    graph.replaceAllUses(to, from);
    graph.remove(node);
  }
}
