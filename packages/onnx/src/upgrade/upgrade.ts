/** Models of older opsets in the terms of a newer one. */
import { OpsetError } from "../errors.ts";
import { copyModel } from "../graph/copy.ts";
import { Graph } from "../graph/graph.ts";
import { canonicalDomain, opsetVersion, opsetVersions } from "../graph/opsets.ts";
import { nodeName, placeOf } from "../graph/place.ts";
import { type InferOptions, inferShapes } from "../inference/infer.ts";
import type { ModelProto, NodeProto } from "../proto.ts";
import { NodeEdit } from "./adapter.ts";
import { adapters } from "./adapters.ts";
import { hasOperator } from "./introduced.ts";

const TARGET = 21;
/** The first opset with numpy's broadcasting: what is older would have to be given shapes. */
const OLDEST = 7;
/** IR version of the opset. */
const IR_VERSION = 10n;

/**
 * The same model in opset 21: attributes that became inputs, operators whose meaning changed. Names of values and nodes
 * stay. Initializers are no longer inputs where they had to be (before IR version 4). Models of newer opsets are
 * copied as they are; so are the functions of a model, which name their own opsets, and operators of other domains.
 * @param options shapes of inputs, where the file leaves ranks open: a Softmax of opset 12 needs them to stay one node
 * The tensors are those of the model, not copies.
 * @throws OpsetError for a model of an opset before 7, and for a node that cannot be said in opset 21, which it names
 * @throws InferenceError for a model that contradicts itself
 */
export function upgradeOpset(model: ModelProto, options: InferOptions = {}): ModelProto {
  const versions = opsetVersions(model.opsetImport);
  // A model that imports other domains alone has nothing to upgrade.
  const from = versions.get("") ?? (versions.size > 0 ? TARGET : opsetVersion(model));
  if (from < OLDEST)
    throw new OpsetError(
      "",
      `models of opset ${from} cannot be upgraded; export it with opset ${OLDEST} or newer`,
    );
  const copy = copyModel(model);
  freeInitializers(copy);
  if (from >= TARGET) return copy;
  const main = Graph.of(copy);
  const { typesOf } = inferShapes(copy, options);
  for (const node of nodesOf(main)) checkKnown(node[1], from);
  for (let opset = from + 1; opset <= TARGET; opset++) {
    for (const [graph, node] of nodesOf(main))
      standardAdapter(node, opset)?.(new NodeEdit(graph, node, typesOf(graph.proto), opset));
  }
  for (const each of copy.opsetImport) if (canonicalDomain(each.domain) === "") each.version = BigInt(TARGET);
  if (copy.irVersion < IR_VERSION) copy.irVersion = IR_VERSION;
  return copy;
}

/** Before IR version 4 every initializer was an input too, though nobody fed it. */
function freeInitializers(model: ModelProto): void {
  const { graph } = model;
  if (graph === undefined || model.irVersion >= 4n) return;
  const stored = new Set(graph.initializer.map(({ name }) => name));
  graph.input = graph.input.filter(({ name }) => !stored.has(name));
  model.irVersion = 4n;
}

/** All nodes of a graph and of the graphs inside them, as they are now. */
function nodesOf(graph: Graph): [Graph, NodeProto][] {
  return graph.nodes.flatMap((node) => [
    [graph, node] as [Graph, NodeProto],
    ...graph.subgraphs(node).flatMap(nodesOf),
  ]);
}

function checkKnown(node: NodeProto, opset: number): void {
  if (canonicalDomain(node.domain) !== "" || hasOperator(node.opType, opset)) return;
  throw new OpsetError(
    "",
    `node ${JSON.stringify(nodeName(node))}: opset ${opset} has no operator ${node.opType}, so what it became is not known`,
    placeOf(node),
  );
}

function standardAdapter({ domain, opType }: NodeProto, opset: number) {
  if (canonicalDomain(domain) !== "" || !Object.hasOwn(adapters, opType)) return undefined;
  return adapters[opType]?.[opset];
}
