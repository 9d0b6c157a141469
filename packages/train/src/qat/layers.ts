/** The layers of a model that are quantized, and what a caller says about each of them. */
import { dtypes, isDType } from "@bitbudget/core";
import { canonicalDomain, elementType, type Graph, type NodeProto, nodeName } from "@bitbudget/onnx";
import { TrainingError } from "../errors.ts";
import type { CodeFormat } from "./formats.ts";

/** A Conv, Gemm or MatMul. */
export interface Layer {
  /** Name of its node; of its output if that has none. */
  readonly name: string;
  readonly opType: "Conv" | "Gemm" | "MatMul";
  /** From 0, in the order in which the model computes them. */
  readonly index: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Its constant operand; undefined for a product of two activations. */
  readonly weight: { readonly name: string; readonly shape: readonly number[] } | undefined;
}

export interface WeightScheme {
  /** Signed. */
  readonly dtype: CodeFormat;
  /** Which weights share a step; blocks run along the terms of a sum, in matrices alone. Default "channel". */
  readonly granularity?: "tensor" | "channel" | { readonly block: number };
}

export interface ActivationScheme {
  readonly dtype: CodeFormat;
}

/** What is left out stays float. */
export interface LayerScheme {
  readonly weight?: WeightScheme | undefined;
  readonly activation?: ActivationScheme | undefined;
}

export interface PlacedLayer extends Layer {
  readonly node: NodeProto;
}

/** All layers of a graph, in order. */
export function layersOf(graph: Graph): PlacedLayer[] {
  const nodes = graph.order().filter(isLayer);
  return nodes.map((node, index) => ({
    name: nodeName(node),
    opType: node.opType,
    index,
    isFirst: index === 0,
    isLast: index === nodes.length - 1,
    weight: weightOf(graph, node),
    node,
  }));
}

function isLayer(node: NodeProto): node is NodeProto & { opType: Layer["opType"] } {
  return canonicalDomain(node.domain) === "" && ["Conv", "Gemm", "MatMul"].includes(node.opType);
}

function weightOf(graph: Graph, node: NodeProto): Layer["weight"] {
  const name = node.input[1] ?? "";
  const proto = graph.initializers.get(name);
  if (proto === undefined) return undefined;
  const dtype = elementType(proto.dataType);
  if (!isDType(dtype) || dtypes[dtype].kind !== "float") return undefined;
  return { name, shape: proto.dims.map(Number) };
}

/** @throws TrainingError for a scheme that does not fit the layer */
export function checkScheme({ name, opType, weight }: Layer, scheme: LayerScheme): void {
  const fail = (detail: string): never => {
    throw new TrainingError(`layer ${JSON.stringify(name)} (${opType}): ${detail}`);
  };
  if (scheme.weight === undefined) return;
  const { dtype, granularity = "channel" } = scheme.weight;
  if (weight === undefined) fail("it has no constant weight to quantize; leave `weight` out for it");
  if (dtype.startsWith("u")) fail(`weights have signed codes, not ${dtype}`);
  if (typeof granularity === "string") return;
  if (opType === "Conv" || weight?.shape.length !== 2)
    fail("blocks are for the weights of Gemm and MatMul that are matrices; use channels");
}
