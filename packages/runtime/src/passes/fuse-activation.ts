/**
 * An activation after a convolution or a product becomes part of it. The node keeps its operator and moves to the
 * internal domain, with the activation in the attributes `activation`, `alpha`, `beta` (com.microsoft.FusedConv's idea).
 */
import { valuesOf } from "@bitbudget/core";
import {
  canonicalDomain,
  clone,
  type Graph,
  getFloat,
  getString,
  makeAttribute,
  type NodeProto,
  NodeProtoSchema,
} from "@bitbudget/onnx";
import { constant, floatMatrix, INTERNAL, isOp, replaceChain, soleConsumer } from "./match.ts";

/** The activation of a node, as attributes for the node before it. */
export interface Fused {
  readonly activation: string;
  readonly alpha?: number;
  readonly beta?: number;
}

const internal: ReadonlySet<string> = new Set([
  "WeightOnlyConv",
  "WeightOnlyGemm",
  "WeightOnlyMatMul",
  "Linear",
]);

export function fuseActivation(graph: Graph): void {
  for (const node of [...graph.nodes]) {
    const isLinear = node.domain === INTERNAL && internal.has(node.opType);
    const takes = isLinear || isOp(node, "Conv", "Gemm", "MatMul");
    if (!takes || (isOp(node, "MatMul") && floatMatrix(graph, node.input[1]) === undefined)) continue;
    const next = soleConsumer(graph, node.output[0]);
    if (next === undefined || next.input[0] !== node.output[0] || canonicalDomain(next.domain) !== "")
      continue;
    const fused = activationOf(graph, next);
    if (fused !== undefined) fuse(graph, node, next, fused);
  }
}

function fuse(graph: Graph, node: NodeProto, activation: NodeProto, fused: Fused): void {
  const joined = clone(NodeProtoSchema, node);
  joined.domain = INTERNAL;
  if (joined.opType === "MatMul") joined.opType = "Linear";
  joined.output = [...activation.output];
  joined.attribute.push(makeAttribute("activation", fused.activation));
  // Gemm has an alpha and a beta of its own.
  if (fused.alpha !== undefined) joined.attribute.push(makeAttribute("activation_alpha", fused.alpha));
  if (fused.beta !== undefined) joined.attribute.push(makeAttribute("activation_beta", fused.beta));
  replaceChain(graph, [node, activation], joined);
}

/** The activation that a node is, if it can be fused. */
export function activationOf(graph: Graph, node: NodeProto): Fused | undefined {
  switch (node.opType) {
    case "Relu":
    case "Sigmoid":
    case "Tanh":
    case "HardSwish":
      return { activation: node.opType };
    case "Gelu":
      return getString(node, "approximate", "none") === "none" ? { activation: "Gelu" } : undefined;
    case "Elu":
      return { activation: "Elu", alpha: getFloat(node, "alpha", 1) };
    case "LeakyRelu":
      return { activation: "LeakyRelu", alpha: getFloat(node, "alpha", 0.01) };
    case "HardSigmoid":
      return {
        activation: "HardSigmoid",
        alpha: getFloat(node, "alpha", 0.2),
        beta: getFloat(node, "beta", 0.5),
      };
    case "Clip":
      return clipOf(graph, node);
    default:
      return undefined;
  }
}

/** Bounds are attributes before opset 11 and constants, if they can be fused, from then on. */
function clipOf(graph: Graph, node: NodeProto): Fused | undefined {
  const bound = (index: number, name: string, open: number): number | undefined => {
    const input = node.input[index] ?? "";
    if (input === "") return getFloat(node, name, open);
    const tensor = constant(graph, input);
    return tensor === undefined ? undefined : valuesOf(tensor)[0];
  };
  const alpha = bound(1, "min", Number.NEGATIVE_INFINITY);
  const beta = bound(2, "max", Number.POSITIVE_INFINITY);
  return alpha === undefined || beta === undefined ? undefined : { activation: "Clip", alpha, beta };
}
