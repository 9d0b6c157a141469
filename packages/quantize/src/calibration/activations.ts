/** Which values of a model calibration looks at, and where their channels are. */
import { dtypes, isDType } from "@bitbudget/core";
import { canonicalDomain, Graph, inferShapes, type ModelProto, type NodeProto } from "@bitbudget/onnx";
import { QuantizeError } from "../errors.ts";

/** Operators whose data have channels along axis 1. */
const channelsFirst: ReadonlySet<string> = new Set([
  ...["Conv", "ConvTranspose", "BatchNormalization", "InstanceNormalization", "GroupNormalization"],
  ...["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool", "PRelu", "DepthToSpace"],
]);

/** Operators that sum over the last axis. */
const channelsLast: ReadonlySet<string> = new Set([
  ...["MatMul", "Gemm", "LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"],
]);

/**
 * The activations of the main graph that are floats, in the order in which they are computed: its inputs, and all that
 * its nodes make, outputs of the model included. Values of unknown type are among them.
 */
export function activationsOf(model: ModelProto): string[] {
  const graph = Graph.of(model);
  const { types } = inferShapes(model);
  const isFloat = (name: string) => {
    const type = types.get(name);
    if (type === undefined) return true;
    if (type.kind !== "tensor") return false;
    const { dtype } = type;
    return dtype === undefined || (isDType(dtype) && dtypes[dtype].kind === "float");
  };
  const made = graph.order().flatMap((node) => (node.opType === "Constant" ? [] : node.output));
  return [...graph.inputs.map(({ name }) => name), ...made].filter((name) => name !== "" && isFloat(name));
}

/** @throws QuantizeError for a name that the main graph does not compute */
export function checkValues(model: ModelProto, values: readonly string[]): string[] {
  const graph = Graph.of(model);
  for (const name of values) {
    if (graph.producer(name) !== undefined || graph.inputs.some((input) => input.name === name)) continue;
    throw new QuantizeError(
      `the main graph of the model computes no value ${JSON.stringify(name)}; see activationsOf for those that it does`,
    );
  }
  const wanted = new Set(values);
  // In the order of the model, so that a run of a group needs as little of it as can be.
  const order = [...graph.inputs.map(({ name }) => name), ...graph.order().flatMap(({ output }) => output)];
  return order.filter((name) => wanted.has(name));
}

/** Where a value of a rank has its channels, as those see it who read it, else who makes it, else by its rank. */
export function channelAxis(graph: Graph, name: string, rank: number): number | undefined {
  if (rank === 0) return undefined;
  const producer = graph.producer(name);
  const readers = graph.consumers(name).filter(({ node, slot }) => node.input[slot] === name && slot === 0);
  for (const node of [...readers.map((use) => use.node), ...(producer === undefined ? [] : [producer])]) {
    const axis = axisAt(node, rank);
    if (axis !== undefined) return axis;
  }
  return rank >= 4 ? 1 : -1;
}

function axisAt({ opType, domain }: NodeProto, rank: number): number | undefined {
  if (canonicalDomain(domain) !== "") return undefined;
  if (channelsLast.has(opType)) return -1;
  return channelsFirst.has(opType) && rank >= 2 ? 1 : undefined;
}
