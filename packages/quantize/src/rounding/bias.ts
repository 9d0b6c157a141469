/** The bias of a layer, wherever it is: an input of the node, or a vector that is added to its result. */
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { type Graph, getFloat, type NodeProto, tensorValue, toTensorProto } from "@bitbudget/onnx";
import type { Layer } from "../layers.ts";

/** Whether there is a bias of so many channels that is this layer's alone, or room for one. */
export function hasBias(layer: Layer, channels: number): boolean {
  return find(layer.graph, layer.node, channels) !== undefined;
}

/** Adds to the bias of a layer, in a model in which its node has the same name and outputs. */
export function addToBias(graph: Graph, layer: Layer, shift: Float64Array): void {
  const node = graph.producer(layer.node.output[0] ?? "");
  const place = node && find(graph, node, shift.length);
  if (node === undefined || place === undefined) return;
  const { owner, slot, factor } = place;
  const name = owner.input[slot] ?? "";
  const given = name === "" ? undefined : (tensorValue(graph.initializers.get(name)!) as HostTensor);
  const before = given === undefined ? new Float32Array(shift.length) : valuesOf(given);
  const after = Float32Array.from(shift, (by, i) => (before[i] ?? 0) + by / factor);
  const own = graph.uniqueName(`${name || node.output[0]}_corrected`);
  graph.initializers.set(toTensorProto(tensor("float32", given?.shape ?? [shift.length], after), own));
  graph.setInput(owner, slot, own);
  if (name !== "" && graph.consumers(name).length === 0 && !graph.isOutput(name))
    graph.initializers.delete(name);
}

/** Name of the initializer that is the bias of a layer alone, in a model in which its node has the same outputs. */
export function biasOf(graph: Graph, layer: Layer): string | undefined {
  const node = graph.producer(layer.node.output[0] ?? "");
  const channels =
    layer.weights[0] === undefined ? 0 : (layer.weights[0].shape[layer.weights[0].channelAxis] ?? 0);
  const place = node && find(graph, node, channels);
  const name = place?.owner.input[place.slot] ?? "";
  return name !== "" && graph.consumers(name).length === 1 ? name : undefined;
}

interface Place {
  readonly owner: NodeProto;
  readonly slot: number;
  /** What the bias is multiplied with. */
  readonly factor: number;
}

function find(graph: Graph, node: NodeProto, channels: number): Place | undefined {
  const isVector = (name: string) => {
    const proto = graph.initializers.get(name);
    if (proto === undefined) return false;
    const dims = proto.dims.map(Number);
    return dims.at(-1) === channels && dims.slice(0, -1).every((size) => size === 1);
  };
  if (node.opType === "Conv" || node.opType === "Gemm") {
    const factor = node.opType === "Gemm" ? getFloat(node, "beta", 1) : 1;
    const name = node.input[2] ?? "";
    const isOwn = name === "" || isVector(name);
    return isOwn && factor !== 0 ? { owner: node, slot: 2, factor } : undefined;
  }
  if (node.opType !== "MatMul") return undefined;
  const output = node.output[0] ?? "";
  const uses = graph.consumers(output);
  const owner = uses[0]?.node;
  if (uses.length !== 1 || owner?.opType !== "Add" || graph.isOutput(output)) return undefined;
  const slot = owner.input[0] === output ? 1 : 0;
  return isVector(owner.input[slot] ?? "") ? { owner, slot, factor: 1 } : undefined;
}
