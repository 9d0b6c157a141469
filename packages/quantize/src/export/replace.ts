/** Other nodes in the place of a layer: with its name and its results. */
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { type Graph, makeNode, type NodeProto, tensorValue } from "@bitbudget/onnx";
import type { Layer } from "../layers.ts";
import { matrixOf } from "./weights/matrix.ts";
import { type NodeOptions, trimmed, type Writer } from "./writer.ts";

/**
 * Replaces a MatMul or Gemm by an operator on [.., terms] x weights. A bias that is a constant number for each channel
 * becomes the operator's; another one is added afterwards.
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
  const { node, opType } = layer;
  const [x = "", , c = ""] = node.input;
  const [y = ""] = node.output;
  const { channels } = matrixOf(layer);
  const row = opType === "Gemm" && c !== "" && takesBias ? rowOf(graph, c, channels) : undefined;
  const isAdded = opType === "Gemm" && c !== "" && row === undefined;
  const bias = row === undefined ? "" : writer.constant(`${c}_row`, row);
  const made = isAdded ? graph.uniqueName(`${y}_product`) : y;
  const product = makeNode(operator, trimmed(inputs(x, bias)), [made], { name: node.name, ...options });
  graph.replaceNode(
    node,
    product,
    ...(isAdded ? [makeNode("Add", [made, c], [y], { name: `${y}_bias` })] : []),
  );
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
  if (proto === undefined) return undefined;
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
