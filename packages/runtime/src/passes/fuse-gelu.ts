/** x * 0.5 * (1 + erf(x / sqrt(2))), spelled out in elementary operators, becomes Gelu (Hendrycks and Gimpel 2016). */
import { type Graph, makeNode, type NodeProto } from "@bitbudget/onnx";
import { constantNumber, isOp, nodesOf, replaceChain, soleConsumer } from "./match.ts";

export function fuseGelu(graph: Graph): void {
  for (const erf of nodesOf(graph, "Erf")) {
    const scaled = graph.producer(erf.input[0] ?? "");
    const x = scaled === undefined ? undefined : unscaled(graph, scaled);
    const plusOne = soleConsumer(graph, erf.output[0]);
    if (x === undefined || scaled === undefined || !hasFactor(graph, plusOne, "Add", 1)) continue;
    if (soleConsumer(graph, scaled.output[0]) !== erf) continue;
    const first = soleConsumer(graph, plusOne.output[0]);
    const second = soleConsumer(graph, first?.output[0]);
    const halves = halvedProduct(graph, x, plusOne, first, second);
    if (halves === undefined) continue;
    const last = halves.at(-1);
    const gelu = makeNode("Gelu", [x], last?.output ?? [], { name: erf.name });
    replaceChain(graph, [scaled, erf, plusOne, ...halves], gelu);
  }
}

/** The x of x / sqrt(2) or x * sqrt(1/2). */
function unscaled(graph: Graph, node: NodeProto): string | undefined {
  const isRoot = (name: string | undefined, root: number) => isNumber(graph, name, root);
  if (isOp(node, "Div")) return isRoot(node.input[1], Math.SQRT2) ? node.input[0] : undefined;
  if (!isOp(node, "Mul")) return undefined;
  if (isRoot(node.input[1], Math.SQRT1_2)) return node.input[0];
  return isRoot(node.input[0], Math.SQRT1_2) ? node.input[1] : undefined;
}

/** The two products after the sum: by x, then by a half; or the half of x made before, which then stays alone. */
function halvedProduct(
  graph: Graph,
  x: string,
  sum: NodeProto,
  first: NodeProto | undefined,
  second: NodeProto | undefined,
): NodeProto[] | undefined {
  if (!isOp(first, "Mul")) return undefined;
  const beside = first.input[0] === sum.output[0] ? first.input[1] : first.input[0];
  if (beside === x && hasFactor(graph, second, "Mul", 0.5)) return [first, second];
  if (isNumber(graph, beside, 0.5) && isOp(second, "Mul") && second.input.includes(x)) return [first, second];
  const half = graph.producer(beside ?? "");
  return hasFactor(graph, half, "Mul", 0.5) && half.input.includes(x) ? [first] : undefined;
}

function hasFactor(
  graph: Graph,
  node: NodeProto | undefined,
  opType: string,
  factor: number,
): node is NodeProto {
  return isOp(node, opType) && node.input.some((name) => isNumber(graph, name, factor));
}

function isNumber(graph: Graph, name: string | undefined, number: number): boolean {
  const value = constantNumber(graph, name);
  return value !== undefined && Math.abs(value - number) <= 1e-4 * number;
}
