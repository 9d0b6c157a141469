/**
 * DynamicQuantizeLinear, MatMulInteger, Cast, Mul by both scales (and Add of a bias): DynamicQuantizeMatMul, one kernel
 * that quantizes its activations while it runs. This is how onnxruntime's dynamic quantizer writes a product.
 */
import { type Graph, getInt, makeNode, type NodeProto } from "@bitbudget/onnx";
import { constant, isOp, nodesOf, replaceChain, soleConsumer } from "./match.ts";

const FLOAT = 1;

export function fuseDynamic(graph: Graph): void {
  for (const product of nodesOf(graph, "MatMulInteger")) {
    const [codes = "", weight = "", zeroPoint = "", weightZeroPoint = ""] = product.input;
    const source = graph.producer(codes);
    const isDynamic = isOp(source, "DynamicQuantizeLinear") && source.output[2] === zeroPoint;
    if (!isDynamic || constant(graph, weight) === undefined) continue;
    const cast = soleConsumer(graph, product.output[0]);
    if (!isOp(cast, "Cast") || getInt(cast, "to") !== FLOAT) continue;
    const scaled = soleConsumer(graph, cast.output[0]);
    const scale = isOp(scaled, "Mul")
      ? weightScale(graph, scaled, cast.output[0], source.output[1])
      : undefined;
    if (scaled === undefined || scale === undefined) continue;

    const add = soleConsumer(graph, scaled.output[0]);
    const bias = isOp(add, "Add") ? rowBeside(graph, add, scaled.output[0]) : undefined;
    const last = add !== undefined && bias !== undefined ? add : scaled;
    const inputs = [source.input[0] ?? "", weight, scale.name, weightZeroPoint, bias ?? ""];
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
): { name: string } | undefined {
  const product = graph.producer(other(mul, sum));
  if (!isOp(product, "Mul") || !product.input.includes(activationScale ?? "")) return undefined;
  const name = other(product, activationScale);
  return constant(graph, name) === undefined ? undefined : { name };
}

function rowBeside(graph: Graph, add: NodeProto, value: string | undefined): string | undefined {
  const name = other(add, value);
  return constant(graph, name)?.shape.length === 1 ? name : undefined;
}

/** The other operand of a node with two. */
function other(node: NodeProto, operand: string | undefined): string {
  return (node.input[0] === operand ? node.input[1] : node.input[0]) ?? "";
}
