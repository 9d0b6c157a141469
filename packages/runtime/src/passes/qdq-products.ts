/**
 * Convolutions and matrix products of codes. With activations and weights quantized they become QLinearConv,
 * QLinearMatMul, QGemm (a float result: MatMulIntegerToFloat and forms without an output scale); with weights alone
 * the internal operators WeightOnlyConv, WeightOnlyGemm, WeightOnlyMatMul, whose kernels read the codes themselves.
 */
import { type DType, dtypes, type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { type Graph, getFloat, getInt, makeAttribute, makeNode, type NodeProto } from "@bitbudget/onnx";
import { addConstant, constant, INTERNAL, replaceChain } from "./match.ts";
import { type Codes, dequantized, endOf, isByteTensor, zeroPointName } from "./qdq.ts";

/** @param standard leaves groups alone for which there are only internal operators */
export function fuseProduct(graph: Graph, node: NodeProto, standard = false): void {
  const x = dequantized(graph, node.input[0]);
  const w = dequantized(graph, node.input[1]);
  if (w === undefined || node.output.length !== 1) return;
  const isStatic = x !== undefined && isByteTensor(x) && fuseStatic(graph, node, x, w, standard);
  if (!isStatic && !standard && constant(graph, w.codes) !== undefined) fuseWeightOnly(graph, node, w);
}

/** Integer formats of weights that the kernels read. */
const weightFormats: ReadonlySet<DType> = new Set(["int8", "uint8", "int4", "uint4", "int2", "uint2"]);

/** The axis of a convolution's filters or a matrix along which its output channels are. */
function channelAxis(node: NodeProto): number {
  if (node.opType === "Conv") return 0;
  return node.opType === "Gemm" && getInt(node, "transB", 0) === 1 ? 0 : 1;
}

/** Whether there is one scale, or one for each output channel. */
function hasKernelScales(node: NodeProto, w: Codes, rank: number): boolean {
  if (w.blockSize > 0) return false;
  const axis = w.axis < 0 ? w.axis + rank : w.axis;
  const isMatrix = node.opType === "Conv" || rank === 2;
  return w.scales.data.length === 1 || (isMatrix && axis === channelAxis(node));
}

/** Codes of fewer bits than a byte as bytes, which integer kernels multiply: they are codes of a byte as well. */
function inBytes(graph: Graph, w: Codes): Codes {
  if (dtypes[w.dtype].bits === 8) return w;
  const dtype = dtypes[w.dtype].min < 0 ? "int8" : "uint8";
  const widened = (name: string, codes: HostTensor | undefined) =>
    codes && addConstant(graph, `${name}_${dtype}`, tensor(dtype, codes.shape, Array.from(valuesOf(codes))));
  const codes = widened(w.codes, constant(graph, w.codes)) ?? w.codes;
  const zeroPoint = widened(w.zeroPoint, constant(graph, w.zeroPoint)) ?? "";
  const zeroPoints = tensor(dtype, w.zeroPoints.shape, Array.from(valuesOf(w.zeroPoints)));
  return { ...w, dtype, codes, zeroPoint, zeroPoints };
}

function fuseStatic(graph: Graph, node: NodeProto, x: Codes, w: Codes, standard: boolean): boolean {
  const weight = constant(graph, w.codes);
  const fits =
    weight === undefined
      ? isByteTensor(w)
      : weightFormats.has(w.dtype) && hasKernelScales(node, w, weight.shape.length);
  if (!fits) return false;
  const bias = biasCodes(graph, node, x, w);
  if (bias === undefined) return false;
  const end = endOf(graph, node);
  if (end !== undefined && !isByteTensor(end.codes)) return false;
  if (standard && end === undefined && node.opType === "Conv") return false;
  // Without the quantizer the operator keeps its own, float result.
  const chain = end === undefined ? [node] : [node, ...end.between, end.node];
  const operand = (codes: Codes) => [codes.codes, codes.scale, zeroPointName(graph, codes)];
  const [a, b] = [operand(x), operand(inBytes(graph, w))];
  const result = end === undefined ? [] : [end.codes.scale, zeroPointName(graph, end.codes)];
  const outputs = end === undefined ? node.output : [end.codes.codes];
  const make = (opType: string, inputs: readonly string[], domain: string) => {
    const fused = makeNode(opType, inputs, outputs, { name: node.name, domain });
    // QGemm has no beta: the bias is in units of the product.
    fused.attribute = node.attribute.filter(({ name }) => name !== "beta");
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
  const isGemm = node.opType === "Gemm";
  const [alpha, beta] = isGemm ? [getFloat(node, "alpha", 1), getFloat(node, "beta", 1)] : [1, 1];
  if (name === "" || beta === 0) return "";
  const bias = dequantized(graph, name);
  if (bias === undefined || bias.dtype !== "int32" || bias.blockSize > 0) return undefined;
  const [xScale = 0] = valuesOf(x.scales);
  const [wScales, scales] = [valuesOf(w.scales), valuesOf(bias.scales)];
  // Scales of their own can only be those of the channels where there is nothing but channels.
  if (scales.length > 1 && constant(graph, bias.codes)?.shape.length !== 1) return undefined;
  const fits = Array.from(scales.length > wScales.length ? scales : wScales).every((_, i) => {
    const unit = alpha * xScale * (wScales[wScales.length === 1 ? 0 : i] ?? 0);
    const scale = beta * (scales[scales.length === 1 ? 0 : i] ?? 0);
    return Math.abs(scale - unit) <= 1e-6 * Math.abs(unit);
  });
  const noOffset = Array.from(valuesOf(bias.zeroPoints)).every((zero) => zero === 0);
  return fits && noOffset ? bias.codes : undefined;
}

/** Inputs: x, codes, scales, zero points, bias. `weight_axis` and `block_size` are those of the DequantizeLinear. */
function fuseWeightOnly(graph: Graph, node: NodeProto, w: Codes): void {
  const shape = constant(graph, w.codes)?.shape ?? [];
  const fitsKernel = node.opType === "Conv" ? shape.length <= 4 : shape.length === 2;
  if (!weightFormats.has(w.dtype) || !fitsKernel) return;
  const axis = w.axis < 0 ? w.axis + shape.length : w.axis;
  const inBlocks = w.blockSize > 0;
  // Blocks must run along the terms of a sum.
  if (inBlocks && (node.opType === "Conv" || axis === channelAxis(node))) return;
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
