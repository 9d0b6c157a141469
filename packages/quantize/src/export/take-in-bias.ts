/**
 * Biases that a model adds after a layer become the layer's own, where codes have a place for them: an Add behind a Conv
 * without bias, and behind a MatMul of matrices, which is a Gemm then. (onnxruntime makes a Gemm of the latter by itself, and
 * computes it in float, because its bias is no code.)
 */
import { elementCount } from "@bitbudget/core";
import {
  type Graph,
  inferShapes,
  type ModelProto,
  type NodeProto,
  tensorValue,
  toTensorProto,
} from "@bitbudget/onnx";
import { type Layer, layersOf } from "../layers.ts";

/** Takes in the biases of some layers, which keep their names. Returns the layers as they are then. */
export function takeInBiases(
  model: ModelProto,
  graph: Graph,
  layers: readonly Layer[],
  wanted: (layer: Layer) => boolean,
): readonly Layer[] {
  const chosen = layers.filter((layer) => layer.graph === graph && wanted(layer));
  if (chosen.length === 0) return layers;
  const { types } = inferShapes(model);
  let changed = false;
  for (const layer of chosen) {
    const { name, node, opType, weights } = layer;
    const [weight] = weights;
    if (weight === undefined) continue;
    const type = types.get(layer.input);
    const isMatrix = weight.shape.length === 2 && type?.kind === "tensor" && type.shape?.length === 2;
    if (opType !== "Conv" && !(opType === "MatMul" && isMatrix)) continue;
    const channels = weight.shape[weight.channelAxis] ?? 0;
    const spatial = opType === "Conv" ? weight.shape.length - 2 : 0;
    // A name may be that of the output, which changes.
    node.name = name;
    if (!takeIn(graph, node, channels, spatial)) continue;
    if (opType === "MatMul") node.opType = "Gemm";
    changed = true;
  }
  return changed ? layersOf(graph) : layers;
}

/** Changes messages of the graph, and refreshes it. */
function takeIn(graph: Graph, node: NodeProto, channels: number, spatial: number): boolean {
  const [y = ""] = node.output;
  const uses = graph.consumers(y);
  const add = uses[0]?.node;
  const isAlone = uses.length === 1 && !graph.isOutput(y) && add !== undefined && uses[0]?.owner === add;
  if ((node.input[2] ?? "") !== "" || !isAlone || add.opType !== "Add" || add.domain !== "") return false;
  const proto = graph.initializers.get(add.input.find((name) => name !== y) ?? "");
  if (proto === undefined) return false;
  const value = tensorValue(proto);
  // Channels come before the spatial axes; nothing but ones before them, and not more axes than the result has.
  const axis = value.shape.length - 1 - spatial;
  const isRow =
    axis >= 0 && axis <= 1 && elementCount(value.shape) === channels && value.shape[axis] === channels;
  if (!isRow) return false;
  const bias = graph.uniqueName(`${proto.name}_bias`);
  graph.initializers.set(toTensorProto({ ...value, shape: [channels] }, bias));
  node.input = [node.input[0] ?? "", node.input[1] ?? "", bias];
  node.output = [...add.output];
  graph.proto.node.splice(graph.proto.node.indexOf(add), 1);
  graph.refresh();
  return true;
}
