/** Relu6 and its kin before a quantizer: the quantizer has an upper bound of its own, which is learned. */
import { type Graph, makeNode } from "@bitbudget/onnx";
import { floatsOf, isOp } from "./tensors.ts";

/** Makes a Clip from 0 to something a Relu, where quantizers alone read its result. */
export function dropUpperBound(graph: Graph, value: string): void {
  const node = graph.producer(value);
  const [, min = ""] = node?.input ?? [];
  if (!isOp(node, "Clip") || graph.isOutput(value) || !graph.initializers.has(min)) return;
  if (floatsOf(graph, min).data[0] !== 0) return;
  if (!graph.consumers(value).every((use) => use.node.opType === "QuantizeLinear")) return;
  graph.replaceNode(node, makeNode("Relu", [node.input[0] ?? ""], [value], { name: node.name }));
}
