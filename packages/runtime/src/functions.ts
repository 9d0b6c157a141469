/** Calls of the model's own functions: the body's nodes, with the call's attributes in place of references to them. */
import {
  type AttributeProto,
  AttributeProtoSchema,
  clone,
  type FunctionProto,
  type NodeProto,
  NodeProtoSchema,
} from "@bitbudget/onnx";

/** Copies of the nodes of a function's body, in order. */
export function inlineFunction(body: FunctionProto, call: NodeProto): NodeProto[] {
  const given = new Map<string, AttributeProto>(
    body.attributeProto.map((attribute) => [attribute.name, attribute]),
  );
  for (const attribute of call.attribute) given.set(attribute.name, attribute);
  return body.node.map((node) => {
    const copy = clone(NodeProtoSchema, node);
    substitute(copy, given);
    return copy;
  });
}

/** An attribute that refers to one of the call takes its value, or vanishes where the call leaves it out. */
function substitute(node: NodeProto, given: ReadonlyMap<string, AttributeProto>): void {
  node.attribute = node.attribute.flatMap((attribute) => {
    if (attribute.refAttrName === "") return [attribute];
    const value = given.get(attribute.refAttrName);
    if (value === undefined) return [];
    const copy = clone(AttributeProtoSchema, value);
    copy.name = attribute.name;
    return [copy];
  });
  for (const { g, graphs } of node.attribute)
    for (const graph of g === undefined ? graphs : [g, ...graphs])
      for (const inner of graph.node) substitute(inner, given);
}
