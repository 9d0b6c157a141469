/** Other nodes in the place of a layer: with its name and its results. */
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import {
  canonicalDomain,
  type Graph,
  isExternal,
  makeNode,
  type NodeProto,
  tensorValue,
} from "@bitbudget/onnx";
import type { Layer } from "../layers.ts";
import { matrixOf } from "./weights/matrix.ts";
import { type NodeOptions, trimmed, type Writer } from "./writer.ts";

/**
 * Replaces a MatMul or Gemm by an operator on [.., terms] x weights. A bias that is a constant number for each channel, of
 * the Gemm or added right after the MatMul, becomes the operator's; another one is added afterwards.
 * @param takesBias whether the operator has an input for it
 */
export function replaceProduct(
  writer: Writer,
  layer: Layer,
  operator: string,
  inputs: (x: string, bias: string) => readonly string[],
  options: NodeOptions,
  takesBias = true,
): void {
  const { graph } = writer;
  const { node } = layer;
  const [x = ""] = node.input;
  const { channels } = matrixOf(layer);
  const { offset, last } = biasOf(graph, layer, channels, takesBias);
  const row = takesBias ? rowOf(graph, offset, channels) : undefined;
  const [y = ""] = last.output;
  const isAdded = offset !== "" && row === undefined;
  const bias = row === undefined ? "" : writer.constant(`${offset}_row`, row);
  const made = isAdded ? graph.uniqueName(`${y}_product`) : y;
  const product = makeNode(operator, trimmed(inputs(x, bias)), [made], { name: node.name, ...options });
  const sum = isAdded ? [makeNode("Add", [made, offset], [y])] : [];
  graph.replaceNode(last, product, ...sum);
  if (last !== node) graph.remove(node);
}

/** What is added to a product, and the node that adds it. */
function biasOf(graph: Graph, { node, opType }: Layer, channels: number, takesBias: boolean) {
  if (opType === "Gemm") return { offset: node.input[2] ?? "", last: node };
  const [y = ""] = node.output;
  const [use, ...others] = graph.consumers(y);
  const add = use?.node;
  const none = { offset: "", last: node };
  if (!takesBias || add === undefined || use?.owner !== add || others.length > 0 || graph.isOutput(y))
    return none;
  if (add.opType !== "Add" || canonicalDomain(add.domain) !== "") return none;
  const offset = add.input.find((name) => name !== y) ?? "";
  const proto = graph.initializers.get(offset);
  return proto?.dims.length === 1 && Number(proto.dims[0]) === channels ? { offset, last: add } : none;
}

/** The same node with other results. */
export function renamed(node: NodeProto, outputs: readonly string[]): NodeProto {
  const copy = makeNode(node.opType, node.input, outputs, { name: node.name, domain: node.domain });
  copy.attribute = node.attribute;
  return copy;
}

/** A constant as one number for each channel; undefined for what is none. */
export function rowOf(graph: Graph, name: string, channels: number): HostTensor | undefined {
  const proto = graph.initializers.get(name);
  if (proto === undefined || isExternal(proto)) return undefined;
  const value = tensorValue(proto);
  const count = elementCount(value.shape);
  const isRow = count === channels && value.shape.slice(0, -1).every((size) => size === 1);
  if (!isRow && count !== 1) return undefined;
  const numbers = valuesOf(value);
  return tensor(
    "float32",
    [channels],
    Array.from({ length: channels }, (_, c) => numbers[isRow ? c : 0] ?? 0),
  );
}
