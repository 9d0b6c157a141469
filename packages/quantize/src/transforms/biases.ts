/** Adds numbers to the output channels of a layer: into its bias, or the constant that is added next, or a new one. */
import {
  canonicalDomain,
  type Graph,
  getFloat,
  makeNode,
  type NodeProto,
  toTensorProto,
} from "@bitbudget/onnx";
import type { Layer } from "../layers.ts";
import { type Floats, floatsOf, replaceConstant } from "./absorb.ts";

/** Layers whose outputs are sums that a bias belongs to. */
export function hasOutputs({ opType, weights, graph }: Layer, main: Graph): boolean {
  const isSum = opType === "Conv" || opType === "ConvTranspose" || opType === "Gemm" || opType === "MatMul";
  return isSum && weights.length === 1 && graph === main;
}

/**
 * Adds to the output of a layer: `delta[c]` to channel c. A MatMul without a bias gets an Add behind it.
 * @returns whether it could: not where a bias is no constant
 */
export function addToOutput(graph: Graph, layer: Layer, delta: Float64Array): boolean {
  const { node, opType } = layer;
  if (opType === "MatMul") return addBehind(graph, node, delta);
  const name = node.input[2] ?? "";
  if (name === "") {
    const bias = graph.uniqueName(`${node.output[0]}_bias`);
    const data = Float32Array.from(delta, (value) => value / gainOf(node));
    graph.initializers.set(toTensorProto({ dtype: "float32", shape: [delta.length], data }, bias));
    graph.setInput(node, 2, bias);
    return true;
  }
  return addToConstant(graph, node, 2, delta);
}

/** What a bias is multiplied with. */
function gainOf(node: NodeProto): number {
  return node.opType === "Gemm" ? getFloat(node, "beta", 1) : 1;
}

function addToConstant(graph: Graph, node: NodeProto, slot: number, delta: Float64Array): boolean {
  const name = node.input[slot] ?? "";
  if (!graph.initializers.has(name)) return false;
  const sum = withDelta(floatsOf(graph, name), delta, gainOf(node));
  if (sum === undefined) return false;
  replaceConstant(graph, node, slot, sum);
  return true;
}

/** A row of channels, or rows of them, or one number for all. */
function withDelta({ shape, data }: Floats, delta: Float64Array, gain: number): Floats | undefined {
  const channels = delta.length;
  if (gain === 0) return undefined;
  if (data.length === 1) {
    const row = Float32Array.from(delta, (value) => data[0]! + value / gain);
    return { shape: [...shape.slice(0, -1), channels], data: row };
  }
  if (shape.at(-1) !== channels) return undefined;
  return { shape, data: data.map((value, i) => value + delta[i % channels]! / gain) };
}

function addBehind(graph: Graph, node: NodeProto, delta: Float64Array): boolean {
  const [output = ""] = node.output;
  const uses = graph.consumers(output);
  const [use] = uses;
  const isOnly = uses.length === 1 && use?.owner === use?.node && !graph.isOutput(output);
  if (use !== undefined && isOnly && use.node.opType === "Add" && canonicalDomain(use.node.domain) === "") {
    const slot = 1 - use.slot;
    const name = use.node.input[slot] ?? "";
    const isRow = graph.initializers.has(name) && floatsOf(graph, name).shape.at(-1) === delta.length;
    if (isRow && addToConstant(graph, use.node, slot, delta)) return true;
  }
  const bias = graph.uniqueName(`${output}_bias`);
  graph.initializers.set(
    toTensorProto({ dtype: "float32", shape: [delta.length], data: Float32Array.from(delta) }, bias),
  );
  if (graph.isOutput(output)) {
    // Callers know the output by its name.
    const product = graph.uniqueName(`${output}_product`);
    const renamed = makeNode("MatMul", node.input, [product], { name: node.name });
    const add = makeNode("Add", [product, bias], [output], { name: graph.uniqueName(`${node.name}_bias`) });
    graph.replaceNode(node, renamed, add);
    return true;
  }
  const sum = graph.uniqueName(`${output}_sum`);
  const add = makeNode("Add", [output, bias], [sum], { name: graph.uniqueName(`${node.name}_bias`) });
  graph.insert(add, { after: node });
  graph.replaceAllUses(output, sum, { except: [add] });
  return true;
}
