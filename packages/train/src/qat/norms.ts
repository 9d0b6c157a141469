/**
 * Batch normalization in quantization-aware training: weights are quantized as they are after folding, w * gamma / sigma
 * with the running sigma, and the result is divided by gamma / sigma again before the normalization, which first uses the
 * statistics of the batch (Krishnamoorthi 2018, section 3.2.2: the correction keeps the codes from jumping with each
 * batch). Later `foldNorms` freezes the statistics: what is computed from then on is the folded convolution itself
 * (Jacob et al. 2018, section 3.2).
 */
import { tensor } from "@bitbudget/core";
import {
  clone,
  Graph,
  getFloat,
  type ModelProto,
  ModelProtoSchema,
  makeNode,
  type NodeProto,
  NodeProtoSchema,
  nodeName,
  prune,
} from "@bitbudget/onnx";
import { TrainingError } from "../errors.ts";
import { markTrained } from "./marks.ts";
import { addInitializer, type Float32Tensor, floatsOf, isOp } from "./tensors.ts";

/** The normalization that alone reads the result of a convolution, if its parameters are initializers. */
export function normAfter(graph: Graph, conv: NodeProto): NodeProto | undefined {
  const [result = ""] = conv.output;
  const [use, ...others] = graph.consumers(result);
  if (conv.opType !== "Conv" || graph.isOutput(result) || others.length > 0) return undefined;
  const norm = use?.node;
  if (!isOp(norm, "BatchNormalization") || norm.input[0] !== result) return undefined;
  return norm.input.slice(1, 5).every((name) => graph.initializers.has(name)) ? norm : undefined;
}

/**
 * Emits the weight as it is after folding, and undoes its scale after the convolution.
 * @returns the scaled weight: its name, and its numbers as they are now
 * @throws TrainingError where gamma has a 0, which cannot be undone
 */
export function scaleByNorm(
  graph: Graph,
  conv: NodeProto,
  norm: NodeProto,
): { readonly name: string; readonly weight: Float32Tensor } {
  const [, weightName = "", biasName = ""] = conv.input;
  const [result = ""] = conv.output;
  const { gamma, variance, epsilon } = parametersOf(graph, norm);
  const zero = gamma.indexOf(0);
  if (zero >= 0)
    throw new TrainingError(
      `the scale of normalization ${JSON.stringify(nodeName(norm))} is 0 in channel ${zero}: train it before quantization, or remove the channel`,
    );
  const weight = floatsOf(graph, weightName);
  const rank = weight.shape.length;
  const emit = (opType: string, inputs: readonly string[], base: string): string => {
    const output = graph.uniqueName(base);
    graph.insert(makeNode(opType, inputs, [output], { name: graph.uniqueName(`${base}_node`) }));
    return output;
  };
  const shape = (sizes: readonly number[]) =>
    addInitializer(graph, "factor_shape", tensor("int64", [sizes.length], sizes.map(BigInt)));
  const base = norm.input[1] ?? "";
  const shifted = emit(
    "Add",
    [norm.input[4] ?? "", addInitializer(graph, "epsilon", tensor("float32", [], [epsilon]))],
    `${base}_variance`,
  );
  const factor = emit("Div", [base, emit("Sqrt", [shifted], `${base}_deviation`)], `${base}_factor`);
  const channels = gamma.length;
  const forWeight = [factor, shape([channels, ...new Array(rank - 1).fill(1)])];
  const name = emit(
    "Mul",
    [weightName, emit("Reshape", forWeight, `${base}_of_weight`)],
    `${weightName}_scaled`,
  );
  if (biasName !== "") graph.setInput(conv, 2, emit("Mul", [biasName, factor], `${biasName}_scaled`));
  const forResult = [factor, shape([channels, ...new Array(rank - 2).fill(1)])];
  const undone = emit("Div", [result, emit("Reshape", forResult, `${base}_of_result`)], `${result}_unscaled`);
  graph.setInput(norm, 0, undone);

  const factors = factorsOf({ gamma, variance, epsilon });
  const area = weight.data.length / channels;
  const data = weight.data.map((x, i) => x * factors[Math.floor(i / area)]!);
  return { name, weight: { ...weight, data } };
}

/**
 * The model with its normalizations folded into quantized convolutions, their running statistics frozen: what is left of
 * one is a factor of the weight, gamma / sigma, and a bias, beta - mean * gamma / sigma. Weight, gamma and beta go on being
 * trained, by which the channels of a weight keep sizes that one learning rate fits.
 */
export function foldNorms(model: ModelProto): ModelProto {
  const folded = clone(ModelProtoSchema, model);
  const graph = Graph.of(folded);
  for (const norm of graph.nodes.filter((node) => isOp(node, "BatchNormalization"))) {
    const found = scaledConv(graph, norm);
    if (found !== undefined) fold(graph, norm, found);
  }
  graph.sort();
  prune(graph);
  return folded;
}

interface ScaledConv {
  readonly conv: NodeProto;
  /** Undoes the scale. */
  readonly undo: NodeProto;
}

/** What `scaleByNorm` made before a normalization. */
function scaledConv(graph: Graph, norm: NodeProto): ScaledConv | undefined {
  const undo = graph.producer(norm.input[0] ?? "");
  const conv = undo === undefined ? undefined : graph.producer(undo.input[0] ?? "");
  if (!isOp(undo, "Div") || !isOp(conv, "Conv")) return undefined;
  let scale = graph.producer(conv.input[1] ?? "");
  while (isOp(scale, "DequantizeLinear", "Clip", "QuantizeLinear"))
    scale = graph.producer(scale.input[0] ?? "");
  return isOp(scale, "Mul") ? { conv, undo } : undefined;
}

/** The convolution with beta - mean * gamma / sigma as its bias, and without what was around it. */
function fold(graph: Graph, norm: NodeProto, { conv, undo }: ScaledConv): void {
  const [, gamma = "", beta = "", mean = "", variance = ""] = norm.input;
  const factor = graph.producer(undo.input[1] ?? "")?.input[0] ?? "";
  const emit = (opType: string, inputs: readonly string[], base: string): string => {
    const output = graph.uniqueName(base);
    graph.insert(makeNode(opType, inputs, [output], { name: output }));
    return output;
  };
  const shift = emit("Sub", [beta, emit("Mul", [mean, factor], `${mean}_scaled`)], `${beta}_shift`);
  const [, , before = ""] = conv.input;
  const made = clone(NodeProtoSchema, conv);
  made.input[2] = before === "" ? shift : emit("Add", [before, shift], `${beta}_total`);
  made.output = norm.output.slice(0, 1);
  graph.replaceNode(norm, made);
  graph.remove(undo);
  graph.remove(conv);
  for (const name of [gamma, beta]) markTrained(graph, name);
  for (const name of [mean, variance]) markTrained(graph, name, false);
}

interface NormParameters {
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
}

function parametersOf(graph: Graph, norm: NodeProto): NormParameters {
  const [gamma, beta, mean, variance] = norm.input.slice(1, 5).map((name) => floatsOf(graph, name).data);
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined)
    throw new TrainingError(`normalization ${JSON.stringify(nodeName(norm))} lacks some of its parameters`);
  return { gamma, beta, mean, variance, epsilon: getFloat(norm, "epsilon", 1e-5) };
}

/** gamma / sigma, with the roundings of the nodes that compute it. */
function factorsOf({
  gamma,
  variance,
  epsilon,
}: Pick<NormParameters, "gamma" | "variance" | "epsilon">): Float32Array {
  return gamma.map(
    (value, c) => value / Math.fround(Math.sqrt(Math.fround(variance[c]! + Math.fround(epsilon)))),
  );
}
