/** Functions of a model: operators defined by nodes, whose attributes may refer to those of the node that calls them. */

import { canonicalDomain } from "../graph/opsets.ts";
import { subgraphsOf } from "../graph/scope.ts";
import {
  type AttributeProto,
  clone,
  create,
  type FunctionProto,
  type GraphProto,
  GraphProtoSchema,
  type NodeProto,
  NodeProtoSchema,
} from "../proto.ts";

/** What a node calls a function by. */
export function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([canonicalDomain(domain), name, overload]);
}

/** The nodes of a function as a graph, with the attributes of a caller put in. References without a value disappear. */
export function functionBody(func: FunctionProto, caller: NodeProto): GraphProto {
  const values = new Map(func.attributeProto.map((attribute) => [attribute.name, attribute]));
  for (const attribute of caller.attribute) values.set(attribute.name, attribute);
  const named = (name: string) => ({ name });
  return create(GraphProtoSchema, {
    name: func.name,
    input: func.input.map(named),
    output: func.output.map(named),
    node: func.node.map((node) => bound(node, values)),
    valueInfo: func.valueInfo,
  });
}

function bound(node: NodeProto, values: ReadonlyMap<string, AttributeProto>): NodeProto {
  if (!refers(node)) return node;
  const copy = clone(NodeProtoSchema, node);
  bindInPlace(copy, values);
  return copy;
}

function refers(node: NodeProto): boolean {
  if (node.attribute.some(({ refAttrName }) => refAttrName !== "")) return true;
  return subgraphsOf(node).some((graph) => graph.node.some(refers));
}

function bindInPlace(node: NodeProto, values: ReadonlyMap<string, AttributeProto>): void {
  node.attribute = node.attribute.flatMap((attribute) => {
    if (attribute.refAttrName === "") return [attribute];
    const value = values.get(attribute.refAttrName);
    return value === undefined ? [] : [renamed(value, attribute.name)];
  });
  for (const graph of subgraphsOf(node)) for (const inner of graph.node) bindInPlace(inner, values);
}

function renamed(attribute: AttributeProto, name: string): AttributeProto {
  return Object.assign(Object.create(Object.getPrototypeOf(attribute)), attribute, { name });
}
