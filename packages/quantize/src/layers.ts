/** The layers of a model that can be quantized: operators that spend their time on constant weights. */
import { dtypes, isDType } from "@bitbudget/core";
import { canonicalDomain, elementType, type Graph, getInt, type NodeProto, nodeName } from "@bitbudget/onnx";

const operators = ["Conv", "ConvTranspose", "Gemm", "MatMul", "Gather", "LSTM", "GRU", "RNN"] as const;
export type LayerOperator = (typeof operators)[number];

/** A constant operand of a layer. */
export interface LayerWeight {
  /** Of the initializer. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Which input of the node it is. */
  readonly slot: number;
  /** Axis of output channels, each of which may have a scale. For a table of rows to gather: that of the rows. */
  readonly channelAxis: number;
  /** Axis of the terms of a sum, along which blocks run; undefined where there are several. */
  readonly blockAxis: number | undefined;
}

export interface Layer {
  /** Name of its node, or of its output if that has none; with a number where others of the model have that name too. */
  readonly name: string;
  readonly opType: LayerOperator;
  /** From 0, in the order in which the model computes them; layers of graphs inside a node come where that node does. */
  readonly index: number;
  /** Name of the activation that it reads. */
  readonly input: string;
  /** One, or those of inputs and of the state; none for a product of two activations. */
  readonly weights: readonly LayerWeight[];
  readonly node: NodeProto;
  /** The graph that the node is in: the main one, or one inside of an If, Loop or Scan. */
  readonly graph: Graph;
}

/** All layers of a graph and the graphs inside of it. Messages are those of the graph: nothing is copied. */
export function layersOf(graph: Graph): Layer[] {
  const taken = new Set<string>();
  const found: Layer[] = [];
  const visit = (within: Graph) => {
    for (const node of within.order()) {
      const layer = layerOf(within, node);
      if (layer !== undefined) {
        let name = nodeName(node);
        for (let i = 1; taken.has(name); i++) name = `${nodeName(node)}_${i}`;
        taken.add(name);
        found.push({ ...layer, name, index: found.length });
      }
      for (const inner of within.subgraphs(node)) visit(inner);
    }
  };
  visit(graph);
  return found;
}

function layerOf(graph: Graph, node: NodeProto): Omit<Layer, "name" | "index"> | undefined {
  const opType = operators.find((each) => each === node.opType);
  if (opType === undefined || canonicalDomain(node.domain) !== "") return undefined;
  const slots = opType === "Gather" ? [0] : isRecurrent(opType) ? [1, 2] : [1];
  const weights = slots.flatMap((slot) => weightOf(graph, node, opType, slot) ?? []);
  const isProduct = opType === "MatMul" || opType === "Gemm";
  if (weights.length === 0 && !isProduct) return undefined;
  const input = node.input[opType === "Gather" ? 1 : 0] ?? "";
  // A product of constants is folded by whoever runs the model.
  if (initializer(graph, input) !== undefined && opType !== "Gather") return undefined;
  return { opType, input, weights, node, graph };
}

function weightOf(
  graph: Graph,
  node: NodeProto,
  opType: LayerOperator,
  slot: number,
): LayerWeight | undefined {
  const name = node.input[slot] ?? "";
  const proto = initializer(graph, name);
  if (proto === undefined) return undefined;
  const dtype = elementType(proto.dataType);
  if (!isDType(dtype) || dtypes[dtype].kind !== "float") return undefined;
  const shape = proto.dims.map(Number);
  const axes = axesOf(node, opType, shape.length);
  return axes && { name, shape, slot, ...axes };
}

/** Where a constant of this graph or of one around it is. */
function initializer(graph: Graph, name: string) {
  for (let each: Graph | undefined = graph; each !== undefined; each = each.outer) {
    const proto = each.initializers.get(name);
    if (proto !== undefined) return proto;
    if (each.defines(name)) return undefined;
  }
  return undefined;
}

function axesOf(
  node: NodeProto,
  opType: LayerOperator,
  rank: number,
): Pick<LayerWeight, "channelAxis" | "blockAxis"> | undefined {
  switch (opType) {
    case "Conv":
      return { channelAxis: 0, blockAxis: undefined };
    case "ConvTranspose":
      return { channelAxis: 1, blockAxis: undefined };
    case "Gemm": {
      const isTransposed = getInt(node, "transB", 0) === 1;
      return isTransposed ? { channelAxis: 0, blockAxis: 1 } : { channelAxis: 1, blockAxis: 0 };
    }
    case "MatMul":
      if (rank < 2) return undefined;
      return { channelAxis: rank - 1, blockAxis: rank === 2 ? 0 : undefined };
    case "Gather":
      return rank === 2 && getInt(node, "axis", 0) === 0 ? { channelAxis: 0, blockAxis: 1 } : undefined;
    default:
      // [directions, gates * hidden, inputs]
      return { channelAxis: 1, blockAxis: undefined };
  }
}

export function isRecurrent(opType: LayerOperator): boolean {
  return opType === "LSTM" || opType === "GRU" || opType === "RNN";
}
