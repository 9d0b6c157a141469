/**
 * DynamicQuantizeLinear, MatMulInteger, Cast, Mul by both scales (and Add of a bias): DynamicQuantizeMatMul, one kernel
 * that quantizes its activations while it runs. This is how onnxruntime's dynamic quantizer writes a product.
 */
import { elementCount } from "@bitbudget/core";
import { type Graph, getInt, makeNode, type NodeProto } from "@bitbudget/onnx";
import { constant, isOp, nodesOf, replaceChain, soleConsumer } from "./match.ts";

const FLOAT = 1;

export function fuseDynamic(graph: Graph): void {
  for (const product of nodesOf(graph, "MatMulInteger")) {
    const [codes = "", weight = "", zeroPoint = "", weightZeroPoint = ""] = product.input;
    const source = graph.producer(codes);
    const isDynamic = isOp(source, "DynamicQuantizeLinear") && source.output[2] === zeroPoint;
    const matrix = constant(graph, weight);
    if (!isDynamic || matrix?.shape.length !== 2) continue;
    const channels = matrix.shape[1] ?? 0;
    const rowOf = (name: string) => isRow(graph, name, channels);
    if (weightZeroPoint !== "" && !rowOf(weightZeroPoint)) continue;
    const cast = soleConsumer(graph, product.output[0]);
    if (!isOp(cast, "Cast") || getInt(cast, "to") !== FLOAT) continue;
    const scaled = soleConsumer(graph, cast.output[0]);
    if (!isOp(scaled, "Mul")) continue;
    const scale = weightScale(graph, scaled, cast.output[0], source.output[1]);
    if (scale === undefined || !rowOf(scale)) continue;

    const add = soleConsumer(graph, scaled.output[0]);
    const beside = isOp(add, "Add") ? other(add, scaled.output[0]) : "";
    const bias = rowOf(beside) ? beside : "";
    const last = add !== undefined && bias !== "" ? add : scaled;
    const inputs = [source.input[0] ?? "", weight, scale, weightZeroPoint, bias];
    const fused = makeNode("DynamicQuantizeMatMul", inputs, last.output, {
      name: product.name,
      domain: "com.microsoft",
    });
    const chain = [product, cast, scaled, ...(last === add ? [add] : [])];
    replaceChain(graph, chain, fused);
  }
}

/** The weights' scale in Mul(sum, Mul(activation scale, weight scale)), whichever way round the factors stand. */
function weightScale(
  graph: Graph,
  mul: NodeProto,
  sum: string | undefined,
  activationScale: string | undefined,
): string | undefined {
  const product = graph.producer(other(mul, sum));
  if (!isOp(product, "Mul") || !product.input.includes(activationScale ?? "")) return undefined;
  return other(product, activationScale);
}

/** Whether a value is a constant number, or one for each column of the product. */
function isRow(graph: Graph, name: string, channels: number): boolean {
  const tensor = constant(graph, name);
  if (tensor === undefined || tensor.shape.length > 1) return false;
  return [1, channels].includes(elementCount(tensor.shape));
}

/** The other operand of a node with two. */
function other(node: NodeProto, operand: string | undefined): string {
  return (node.input[0] === operand ? node.input[1] : node.input[0]) ?? "";
}
