/**
 * Convolutions and matrix products of codes. With activations and weights quantized they become QLinearConv,
 * QLinearMatMul, QGemm (a float result: MatMulIntegerToFloat and forms without an output scale); with weights alone
 * the internal operators WeightOnlyConv, WeightOnlyGemm, WeightOnlyMatMul, whose kernels read the codes themselves.
 */
import { valuesOf } from "@bitbudget/core";
import { type Graph, getFloat, getInt, makeAttribute, makeNode, type NodeProto } from "@bitbudget/onnx";
import { constant, INTERNAL, replaceChain } from "./match.ts";
import { type Codes, dequantized, endOf, isByteTensor, zeroPointName } from "./qdq.ts";

export function fuseProduct(graph: Graph, node: NodeProto): void {
  const x = dequantized(graph, node.input[0]);
  const w = dequantized(graph, node.input[1]);
  if (w === undefined || node.output.length !== 1) return;
  const isStatic = x !== undefined && isByteTensor(x) && fuseStatic(graph, node, x, w);
  if (!isStatic && constant(graph, w.codes) !== undefined) fuseWeightOnly(graph, node, w);
}

/** Weights have one scale, or one for each output channel. */
function channelAxis(node: NodeProto): number {
  if (node.opType === "Conv") return 0;
  return node.opType === "Gemm" && getInt(node, "transB", 0) === 1 ? 0 : 1;
}

function hasKernelScales(node: NodeProto, w: Codes, rank: number): boolean {
  const axis = w.axis < 0 ? w.axis + rank : w.axis;
  return w.blockSize === 0 && (w.scales.data.length === 1 || axis === channelAxis(node));
}

function fuseStatic(graph: Graph, node: NodeProto, x: Codes, w: Codes): boolean {
  if (w.dtype !== "int8" && w.dtype !== "uint8") return false;
  const weight = constant(graph, w.codes);
  if (weight === undefined ? !isByteTensor(w) : !hasKernelScales(node, w, weight.shape.length)) return false;
  const bias = biasCodes(graph, node, x, w);
  if (bias === undefined) return false;
  const end = endOf(graph, node);
  if (end !== undefined && !isByteTensor(end.codes)) return false;
  // Without the quantizer the operator keeps its own, float result.
  const chain = end === undefined ? [node] : [node, ...end.between, end.node];
  const operand = (codes: Codes) => [codes.codes, codes.scale, zeroPointName(graph, codes)];
  const [a, b] = [operand(x), operand(w)];
  const result = end === undefined ? [] : [end.codes.scale, zeroPointName(graph, end.codes)];
  const outputs = end === undefined ? node.output : [end.codes.codes];
  const make = (opType: string, inputs: readonly string[], domain: string) => {
    const fused = makeNode(opType, inputs, outputs, { name: node.name, domain });
    fused.attribute = node.attribute;
    replaceChain(graph, chain, fused);
  };
  const extra = bias === "" ? [] : [bias];
  if (node.opType === "Conv") {
    if (end === undefined) make("QLinearConv", [...a, ...b, "", "", ...extra], INTERNAL);
    else make("QLinearConv", [...a, ...b, ...result, ...extra], "");
  } else if (node.opType === "Gemm") {
    make("QGemm", [...a, ...b, bias, ...result], "com.microsoft");
  } else if (end === undefined) {
    const [xCodes = "", xScale = "", xZero = ""] = a;
    const [wCodes = "", wScale = "", wZero = ""] = b;
    make("MatMulIntegerToFloat", [xCodes, wCodes, xScale, wScale, xZero, wZero], "com.microsoft");
  } else {
    make("QLinearMatMul", [...a, ...b, ...result], "");
  }
  return true;
}

/** Name of an int32 bias in units of the product's scale, "" for none; undefined where the bias is something else. */
function biasCodes(graph: Graph, node: NodeProto, x: Codes, w: Codes): string | undefined {
  const name = node.input[2] ?? "";
  if (name === "") return "";
  const bias = dequantized(graph, name);
  if (bias === undefined || bias.dtype !== "int32") return undefined;
  const [xScale = 0] = valuesOf(x.scales);
  const wScales = valuesOf(w.scales);
  const fits = Array.from(valuesOf(bias.scales)).every((scale, i) => {
    const unit = xScale * (wScales.length === 1 ? (wScales[0] ?? 0) : (wScales[i] ?? 0));
    return Math.abs(scale - unit) <= 1e-6 * unit;
  });
  const noOffset = Array.from(valuesOf(bias.zeroPoints)).every((zero) => zero === 0);
  return fits && noOffset ? bias.codes : undefined;
}

/** Inputs: x, codes, scales, zero points, bias. `weight_axis` and `block_size` are those of the DequantizeLinear. */
function fuseWeightOnly(graph: Graph, node: NodeProto, w: Codes): void {
  const shape = constant(graph, w.codes)?.shape ?? [];
  const axis = w.axis < 0 ? w.axis + shape.length : w.axis;
  const inBlocks = w.blockSize > 0;
  // Blocks must run along the terms of a sum.
  if (inBlocks && (node.opType === "Conv" || axis === channelAxis(node) || shape.length !== 2)) return;
  if (!inBlocks && !hasKernelScales(node, w, shape.length)) return;
  if (node.opType === "Gemm" && !isPlainGemm(node)) return;
  const [x = "", , bias = ""] = node.input;
  const inputs = [x, w.codes, w.scale, w.zeroPoint, bias];
  const fused = makeNode(`WeightOnly${node.opType}`, inputs, node.output, {
    name: node.name,
    domain: INTERNAL,
  });
  fused.attribute = [
    ...node.attribute,
    makeAttribute("weight_axis", BigInt(axis)),
    makeAttribute("block_size", BigInt(w.blockSize)),
  ];
  replaceChain(graph, [node], fused);
}

/** alpha * x * w + beta * c with both factors 1 and x as it is. */
function isPlainGemm(node: NodeProto): boolean {
  return (
    getFloat(node, "alpha", 1) === 1 && getFloat(node, "beta", 1) === 1 && getInt(node, "transA", 0) === 0
  );
}
