/**
 * Root-mean-square normalization spelled out (mean of squares, root, quotient, scale over the last axis) becomes
 * RMSNormalization (Zhang and Sennrich 2019).
 */
import { type Graph, makeNode, type NodeProto } from "@bitbudget/onnx";
import { constantNumber, isOp, nodesOf, replaceChain, soleConsumer } from "./match.ts";
import { rootOfMeanSquare, rowBeside } from "./norm-parts.ts";

export function fuseRmsNorm(graph: Graph): void {
  for (const root of nodesOf(graph, "Sqrt")) {
    const square = rootOfMeanSquare(graph, root);
    const quotient = square && quotientBy(graph, root, square.value);
    const result = quotient?.at(-1)?.output[0];
    const scaled = soleConsumer(graph, result);
    const scale = isOp(scaled, "Mul") ? rowBeside(graph, scaled, result) : undefined;
    if (square === undefined || quotient === undefined || scaled === undefined || scale === undefined)
      continue;
    const norm = makeNode("RMSNormalization", [square.value, scale], scaled.output, {
      name: root.name,
      attributes: { axis: -1n, epsilon: square.epsilon },
    });
    replaceChain(graph, [root, ...quotient, scaled], norm);
  }
}

/** x / root: one division, or a product with 1 / root. */
function quotientBy(graph: Graph, root: NodeProto, x: string): NodeProto[] | undefined {
  const [value] = root.output;
  const next = soleConsumer(graph, value);
  if (next === undefined) return undefined;
  if (isOp(next, "Div") && next.input[0] === x && next.input[1] === value) return [next];
  const isInverse =
    isOp(next, "Reciprocal") || (isOp(next, "Div") && constantNumber(graph, next.input[0]) === 1);
  if (!isInverse) return undefined;
  const product = soleConsumer(graph, next.output[0]);
  return isOp(product, "Mul") && product.input.includes(x) ? [next, product] : undefined;
}
