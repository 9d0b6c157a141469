/**
 * A constant that is added to a product is its bias: of a MatMul with a constant matrix, which becomes the internal
 * operator Linear, and of a Conv that has none, as exporters of before Conv had one write it.
 */
import type { HostTensor } from "@bitbudget/core";
import { type Graph, makeNode, type NodeProto } from "@bitbudget/onnx";
import {
  addConstant,
  constant,
  floatMatrix,
  INTERNAL,
  isOp,
  nodesOf,
  replaceChain,
  soleConsumer,
} from "./match.ts";

export function fuseBias(graph: Graph): void {
  for (const product of nodesOf(graph, "MatMul")) biasOfProduct(graph, product);
  for (const conv of nodesOf(graph, "Conv")) biasOfConv(graph, conv);
}

function biasOfProduct(graph: Graph, product: NodeProto): void {
  const [x = "", w = ""] = product.input;
  const matrix = floatMatrix(graph, w);
  const added = addedTo(graph, product);
  if (matrix === undefined || added === undefined) return;
  const { add, name, bias } = added;
  if (bias.shape.length !== 1 || bias.shape[0] !== matrix.shape[1] || bias.dtype !== matrix.dtype) return;
  const linear = makeNode("Linear", [x, w, name], add.output, { name: product.name, domain: INTERNAL });
  replaceChain(graph, [product, add], linear);
}

function biasOfConv(graph: Graph, conv: NodeProto): void {
  const [x = "", w = "", b = ""] = conv.input;
  const filters = constant(graph, w);
  const added = addedTo(graph, conv);
  if (b !== "" || filters === undefined || added === undefined) return;
  const { add, name, bias } = added;
  const [channels = 0] = filters.shape;
  if (bias.dtype !== filters.dtype || !isOnePerChannel(bias.shape, channels, filters.shape.length)) return;
  const row = addConstant(graph, `${name}_row`, { ...bias, shape: [channels] });
  const joined = makeNode("Conv", [x, w, row], add.output, { name: conv.name });
  joined.attribute = conv.attribute;
  replaceChain(graph, [conv, add], joined);
}

/** The Add that a node's output goes into and nothing else does, and the constant in it. */
function addedTo(
  graph: Graph,
  node: NodeProto,
): { readonly add: NodeProto; readonly name: string; readonly bias: HostTensor } | undefined {
  const [y] = node.output;
  const add = soleConsumer(graph, y);
  if (!isOp(add, "Add")) return undefined;
  const name = (add.input[0] === y ? add.input[1] : add.input[0]) ?? "";
  const bias = constant(graph, name);
  return bias === undefined ? undefined : { add, name, bias };
}

/** Whether a shape broadcasts to images of `rank` dimensions with a number for each channel: [C, 1, 1], [1, C, 1, 1]. */
function isOnePerChannel(shape: readonly number[], channels: number, rank: number): boolean {
  if (shape.length !== rank && shape.length !== rank - 1) return false;
  const at = shape.length - rank + 1;
  return shape.every((size, i) => size === (i === at ? channels : 1));
}
