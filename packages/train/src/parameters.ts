/** Which initializers of a model are trained, and which change with every step without a gradient. */
import { elementCount, type HostTensor, valuesOf } from "@bitbudget/core";
import {
  elementType,
  Graph,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  tensorValue,
} from "@bitbudget/onnx";
import { operatorKey } from "./differentiate.ts";
import { TrainingError } from "./errors.ts";

/** A list of names, or a choice among all float32 initializers. */
export type ParameterChoice = readonly string[] | ((name: string, tensor: HostTensor<"float32">) => boolean);

/** Key of an initializer's metadata; "true" or "false" there overrides the rule. */
export const TRAINED = "bitbudget.trained";

/** The inputs of operators that are weights. */
const slots: Readonly<Record<string, readonly number[]>> = {
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Gemm: [0, 1, 2],
  MatMul: [0, 1],
  Gather: [0],
  PRelu: [1],
  BatchNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  GroupNormalization: [1, 2],
  LayerNormalization: [1, 2],
  RMSNormalization: [1],
  SimplifiedLayerNormalization: [1],
  "com.microsoft.SkipLayerNormalization": [2, 3, 4],
  "com.microsoft.SkipSimplifiedLayerNormalization": [2, 3],
  "com.microsoft.EmbedLayerNormalization": [2, 3, 4, 5, 6],
  "com.microsoft.Attention": [1, 2],
  "com.microsoft.MultiHeadAttention": [3],
  "com.microsoft.BiasGelu": [1],
  "com.microsoft.FastGelu": [1],
  "com.microsoft.FusedConv": [1, 2],
  "com.microsoft.FusedGemm": [0, 1, 2],
  "com.microsoft.FusedMatMul": [0, 1],
};

/** Operators between a weight and its use, of which the weight is the first input. */
const carriers: readonly string[] = [
  "Identity",
  "Reshape",
  "Transpose",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Expand",
  "QuantizeLinear",
  "DequantizeLinear",
];

/**
 * Names of the initializers that are trained by default: the float32 ones that are a weight or a bias of an operator
 * that has such, directly or through a change of shape or quantization, and those that are added to or multiplied with
 * activations as a bias or a scale of channels. Not trained: scales of quantization, masks (with infinities or numbers
 * beyond ±1e4), factors of several axes, numbers of one element, and what is applied to an input of the model itself,
 * such as its mean. Metadata of an initializer under the key `TRAINED` has the last word.
 */
export function defaultParameters(model: ModelProto): string[] {
  const graph = Graph.of(model);
  const found = new Set<string>();
  const find = (name: string | undefined, accepts: (tensor: TensorProto) => boolean): void => {
    const source = name === undefined ? undefined : origin(graph, name);
    const proto = source === undefined ? undefined : graph.initializers.get(source);
    if (proto !== undefined && accepts(proto)) found.add(proto.name);
  };
  for (const node of graph.nodes) {
    const key = operatorKey(node);
    for (const slot of (Object.hasOwn(slots, key) ? slots[key] : undefined) ?? [])
      find(node.input[slot], () => true);
    if (key === "Add" || key === "Mul")
      for (const slot of [0, 1])
        if (!isInput(graph, node, 1 - slot)) find(node.input[slot], key === "Add" ? isBias : isScale);
  }
  for (const name of statisticsOf(graph)) found.delete(name);
  return graph.proto.initializer
    .filter((proto) => isFloat32(proto) && (said(proto) ?? found.has(proto.name)))
    .map(({ name }) => name);
}

/**
 * The tensors of the choice, in the order of the model.
 * @throws TrainingError for names that are no float32 initializers of the model, or when nothing is left to train
 */
export function chooseParameters(
  model: ModelProto,
  choice?: ParameterChoice,
): ReadonlyMap<string, HostTensor<"float32">> {
  const candidates = float32Tensors(Graph.of(model).proto.initializer);
  const list = typeof choice === "function" ? undefined : (choice ?? defaultParameters(model));
  for (const name of list ?? [])
    if (!candidates.has(name))
      throw new TrainingError(
        `${JSON.stringify(name)} cannot be trained: it is no float32 initializer of the model`,
      );
  const names = new Set(list);
  const accepts = typeof choice === "function" ? choice : (name: string) => names.has(name);
  const chosen = new Map([...candidates].filter(([name, tensor]) => accepts(name, tensor)));
  if (chosen.size === 0)
    throw new TrainingError("there is nothing to train: no float32 initializer of the model was chosen");
  return chosen;
}

/** The running mean and variance of normalizations in training mode. */
export function statesOf(model: ModelProto): ReadonlyMap<string, HostTensor<"float32">> {
  const graph = Graph.of(model);
  const names = statisticsOf(graph);
  return float32Tensors(graph.proto.initializer.filter(({ name }) => names.includes(name)));
}

/** Names of running means and variances. */
function statisticsOf(graph: Graph): string[] {
  return graph.nodes
    .filter((node) => operatorKey(node) === "BatchNormalization")
    .flatMap(({ input }) => input.slice(3, 5));
}

/** The initializer that a value is another form of. */
function origin(graph: Graph, name: string): string | undefined {
  if (graph.initializers.get(name) !== undefined) return name;
  const producer = graph.producer(name);
  if (producer === undefined || !carriers.includes(operatorKey(producer))) return undefined;
  const [first] = producer.input;
  return first === undefined ? undefined : origin(graph, first);
}

function isInput(graph: Graph, node: NodeProto, slot: number): boolean {
  const name = node.input[slot] ?? "";
  return graph.isInput(name) && graph.initializers.get(name) === undefined;
}

/** Of channels, or of places: learned embeddings are added, too. */
function isBias(proto: TensorProto): boolean {
  if (!isFloat32(proto)) return false;
  const tensor = tensorValue(proto);
  return elementCount(tensor.shape) > 1 && valuesOf(tensor).every((x) => Math.abs(x) < MASK);
}

/** Of channels alone: tables of two axes are the waves of rotary embeddings, windows, or masks. */
function isScale(proto: TensorProto): boolean {
  return isBias(proto) && proto.dims.filter((size) => size !== 1n).length === 1;
}

/** Numbers that are added to scores to hide them are larger, weights are smaller. */
const MASK = 1e4;

function isFloat32({ dataType }: TensorProto): boolean {
  return elementType(dataType) === "float32";
}

/** The float32 tensors among initializers, by name. */
function float32Tensors(protos: Iterable<TensorProto>): ReadonlyMap<string, HostTensor<"float32">> {
  const found = new Map<string, HostTensor<"float32">>();
  for (const proto of protos) {
    if (!isFloat32(proto)) continue;
    const { shape, data } = tensorValue(proto) as HostTensor<"float32">;
    found.set(proto.name, { dtype: "float32", shape, data });
  }
  return found;
}

function said({ metadataProps }: TensorProto): boolean | undefined {
  const value = metadataProps.find(({ key }) => key === TRAINED)?.value;
  return value === "true" ? true : value === "false" ? false : undefined;
}
