/** Every tensor of a model, wherever it hides: initializers, attributes, subgraphs, functions, training graphs. */
import type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  SparseTensorProto,
  TensorProto,
} from "../proto.ts";

/** All tensors of a model, in file order. */
export function* allTensors(model: ModelProto): Generator<TensorProto> {
  if (model.graph !== undefined) yield* graphTensors(model.graph);
  for (const training of model.trainingInfo) {
    if (training.initialization !== undefined) yield* graphTensors(training.initialization);
    if (training.algorithm !== undefined) yield* graphTensors(training.algorithm);
  }
  for (const func of model.functions) {
    for (const attribute of func.attributeProto) yield* attributeTensors(attribute);
    yield* nodeTensors(func.node);
  }
}

/** All tensors of a graph and of the subgraphs of its nodes. */
export function* graphTensors(graph: GraphProto): Generator<TensorProto> {
  yield* nodeTensors(graph.node);
  yield* graph.initializer;
  for (const sparse of graph.sparseInitializer) yield* sparseTensors(sparse);
}

function* nodeTensors(nodes: readonly NodeProto[]): Generator<TensorProto> {
  for (const node of nodes) {
    for (const attribute of node.attribute) yield* attributeTensors(attribute);
  }
}

function* attributeTensors(attribute: AttributeProto): Generator<TensorProto> {
  if (attribute.t !== undefined) yield attribute.t;
  yield* attribute.tensors;
  if (attribute.sparseTensor !== undefined) yield* sparseTensors(attribute.sparseTensor);
  for (const sparse of attribute.sparseTensors) yield* sparseTensors(sparse);
  if (attribute.g !== undefined) yield* graphTensors(attribute.g);
  for (const graph of attribute.graphs) yield* graphTensors(graph);
}

function* sparseTensors(sparse: SparseTensorProto): Generator<TensorProto> {
  if (sparse.values !== undefined) yield sparse.values;
  if (sparse.indices !== undefined) yield sparse.indices;
}
