/** Copies of models that may be edited while the original stays as it is, without their weights in memory twice. */
import {
  clone,
  type GraphProto,
  type ModelProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorAnnotationSchema,
  ValueInfoProtoSchema,
} from "../proto.ts";

/**
 * A model with nodes, declarations and lists of its own. The tensors of its main graph are those of the original: put
 * others in their place (`Initializers.set`), never write into them.
 */
export function copyModel(model: ModelProto): ModelProto {
  const copy = shallow(model);
  copy.opsetImport = model.opsetImport.map((each) => clone(OperatorSetIdProtoSchema, each));
  copy.metadataProps = [...model.metadataProps];
  if (model.graph !== undefined) copy.graph = copyGraph(model.graph);
  return copy;
}

function copyGraph(graph: GraphProto): GraphProto {
  const copy = shallow(graph);
  copy.node = graph.node.map((node) => clone(NodeProtoSchema, node));
  copy.initializer = [...graph.initializer];
  copy.sparseInitializer = [...graph.sparseInitializer];
  copy.input = graph.input.map((info) => clone(ValueInfoProtoSchema, info));
  copy.output = graph.output.map((info) => clone(ValueInfoProtoSchema, info));
  copy.valueInfo = graph.valueInfo.map((info) => clone(ValueInfoProtoSchema, info));
  copy.quantizationAnnotation = graph.quantizationAnnotation.map((each) =>
    clone(TensorAnnotationSchema, each),
  );
  return copy;
}

/** A message with the same fields, to be changed one level deep. */
export function shallow<M extends object>(message: M): M {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message);
}
