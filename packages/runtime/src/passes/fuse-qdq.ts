/**
 * Groups of DequantizeLinear, operator, QuantizeLinear become one operator on the codes: QLinearConv, QLinearMatMul,
 * QGemm, QLinearAdd and so on. Operators that only move elements run on the codes as they are.
 * (The groups are those of onnxruntime's QDQ format; ONNX QuantizeLinear, DequantizeLinear.)
 */
import { canonicalDomain, type Graph, makeAttribute, makeNode, type NodeProto } from "@bitbudget/onnx";
import type { PassOptions } from "./index.ts";
import { replaceChain } from "./match.ts";
import { type Codes, dequantized, endOf, isByteTensor, quantizer, sameCodes, zeroPointName } from "./qdq.ts";
import { fuseProduct } from "./qdq-products.ts";

export function fuseQdq(graph: Graph, { opset, standard = false }: PassOptions): void {
  for (const node of [...graph.nodes]) {
    if (canonicalDomain(node.domain) !== "") continue;
    if (isProduct(node)) fuseProduct(graph, node, standard);
    else if (movers.has(node.opType)) move(graph, node);
    else fuseElementwise(graph, node, opset);
  }
}

function isProduct({ opType }: NodeProto): boolean {
  return opType === "Conv" || opType === "MatMul" || opType === "Gemm";
}

/** Operators whose results are elements of their first input, and the largest of codes is the code of the largest. */
const movers: ReadonlySet<string> = new Set([
  "Reshape",
  "Transpose",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Slice",
  "Gather",
  "GatherElements",
  "GatherND",
  "Identity",
  "MaxPool",
  "GlobalMaxPool",
  "Expand",
  "Tile",
  "DepthToSpace",
  "SpaceToDepth",
]);

/** Codes in, the same codes out: the numbers need not be known. */
function move(graph: Graph, node: NodeProto): void {
  const [result] = node.output;
  const from = dequantized(graph, node.input[0]);
  const to = quantizer(graph, result);
  if (from === undefined || to === undefined || node.output.length !== 1) return;
  if (!isByteTensor(from) || !isByteTensor(to.codes) || !sameCodes(from, to.codes)) return;
  const moved = makeNode(node.opType, [from.codes, ...node.input.slice(1)], [to.codes.codes], {
    name: node.name,
  });
  moved.attribute = node.attribute;
  graph.replaceNode(to.node, moved);
  graph.remove(node);
}

/** Operators of com.microsoft on codes, by the operator on numbers that they compute. */
const onCodes: ReadonlyMap<string, string> = new Map([
  ["Add", "QLinearAdd"],
  ["Mul", "QLinearMul"],
  ["Sigmoid", "QLinearSigmoid"],
  ["LeakyRelu", "QLinearLeakyRelu"],
  ["Softmax", "QLinearSoftmax"],
  ["AveragePool", "QLinearAveragePool"],
  ["GlobalAveragePool", "QLinearGlobalAveragePool"],
  ["Concat", "QLinearConcat"],
]);

function fuseElementwise(graph: Graph, node: NodeProto, opset: number): void {
  const opType = onCodes.get(node.opType);
  const inputs = node.input.map((name) => dequantized(graph, name));
  if (opType === undefined || node.output.length !== 1) return;
  const end = endOf(graph, node);
  if (end === undefined || !isByteTensor(end.codes)) return;
  // These operators take and make codes of one format.
  const { dtype } = end.codes;
  const fits = (codes: Codes | undefined): codes is Codes =>
    codes !== undefined && isByteTensor(codes) && codes.dtype === dtype;
  if (!inputs.every(fits)) return;
  const name = (codes: Codes) => zeroPointName(graph, codes);
  const parts = (codes: Codes) => [codes.codes, codes.scale, name(codes)];
  const result = [end.codes.scale, name(end.codes)];
  // Concat lists its result's scale first, then its inputs; the others end with the result's.
  const operands =
    opType === "QLinearConcat"
      ? [...result, ...inputs.flatMap(parts)]
      : [...inputs.flatMap(parts), ...result];
  const fused = makeNode(opType, operands, [end.codes.codes], { name: node.name, domain: "com.microsoft" });
  fused.attribute = [...node.attribute];
  // Which axes a Softmax sums over depends on the version of the model's operators.
  if (opType === "QLinearSoftmax") fused.attribute.push(makeAttribute("opset", BigInt(opset)));
  replaceChain(graph, [node, ...end.between, end.node], fused);
}
