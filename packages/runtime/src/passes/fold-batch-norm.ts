/**
 * Folds a BatchNormalization with fixed statistics into the weights of the convolution before it:
 * w' = w * scale / sqrt(variance + epsilon), b' = (b - mean) * scale / sqrt(variance + epsilon) + bias
 * (Jacob et al. 2018, section 3.2).
 */
import { elementCount, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { type Graph, getFloat, getInt, makeNode, type NodeProto } from "@bitbudget/onnx";
import { addConstant, constant, isOp, nodesOf, replaceChain, soleConsumer } from "./match.ts";

export function foldBatchNorm(graph: Graph): void {
  for (const conv of nodesOf(graph, "Conv")) {
    const norm = soleConsumer(graph, conv.output[0]);
    if (isOp(norm, "BatchNormalization") && norm.input[0] === conv.output[0]) fold(graph, conv, norm);
  }
}

function fold(graph: Graph, conv: NodeProto, norm: NodeProto): void {
  if (getInt(norm, "training_mode", 0) !== 0 || norm.output.slice(1).some((name) => name !== "")) return;
  const weight = floats(constant(graph, conv.input[1]));
  const [scale, bias, mean, variance] = norm.input.slice(1).map((name) => floats(constant(graph, name)));
  if (!weight || !scale || !bias || !mean || !variance) return;
  const hasBias = (conv.input[2] ?? "") !== "";
  const oldBias = floats(constant(graph, conv.input[2]));
  if (hasBias && oldBias === undefined) return;

  const channels = weight.shape[0] ?? 0;
  const epsilon = getFloat(norm, "epsilon", 1e-5);
  const [s, b, m, v] = [scale, bias, mean, variance].map(valuesOf);
  if (s === undefined || b === undefined || m === undefined || v === undefined) return;
  if (channels === 0 || [s, b, m, v].some(({ length }) => length !== channels)) return;
  const factor = Float64Array.from(s, (value, c) => value / Math.sqrt((v[c] ?? 0) + epsilon));
  const old = oldBias === undefined ? new Float64Array(channels) : valuesOf(oldBias);
  const area = elementCount(weight.shape) / channels;
  const w = Float64Array.from(valuesOf(weight), (value, i) => value * (factor[Math.floor(i / area)] ?? 0));
  const newBias = factor.map((value, c) => ((old[c] ?? 0) - (m[c] ?? 0)) * value + (b[c] ?? 0));

  const folded = makeNode(
    "Conv",
    [
      conv.input[0] ?? "",
      addConstant(graph, `${conv.input[1]}_folded`, tensor(weight.dtype, weight.shape, w)),
      addConstant(graph, `${norm.input[2]}_folded`, tensor(weight.dtype, [channels], newBias)),
    ],
    [norm.output[0] ?? ""],
    { name: conv.name },
  );
  folded.attribute = conv.attribute;
  replaceChain(graph, [conv, norm], folded);
}

type Floats = HostTensor<"float32" | "float64">;

function floats(tensor: HostTensor | undefined): Floats | undefined {
  return tensor !== undefined && isFloats(tensor) ? tensor : undefined;
}

function isFloats(tensor: HostTensor): tensor is Floats {
  return tensor.dtype === "float32" || tensor.dtype === "float64";
}
