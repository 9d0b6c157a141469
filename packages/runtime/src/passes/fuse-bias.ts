/** MatMul with a constant matrix, then Add of a constant row: one product with a bias (the internal operator Linear). */
import { type Graph, makeNode } from "@bitbudget/onnx";
import { constant, floatMatrix, INTERNAL, isOp, nodesOf, replaceChain, soleConsumer } from "./match.ts";

export function fuseBias(graph: Graph): void {
  for (const product of nodesOf(graph, "MatMul")) {
    const [x = "", w = ""] = product.input;
    const matrix = floatMatrix(graph, w);
    const [y] = product.output;
    const add = soleConsumer(graph, y);
    if (matrix === undefined || !isOp(add, "Add")) continue;
    const row = add.input[0] === y ? add.input[1] : add.input[0];
    const bias = constant(graph, row);
    if (bias?.shape.length !== 1 || bias.shape[0] !== matrix.shape[1] || bias.dtype !== matrix.dtype)
      continue;
    const linear = makeNode("Linear", [x, w, row ?? ""], add.output, {
      name: product.name,
      domain: INTERNAL,
    });
    replaceChain(graph, [product, add], linear);
  }
}
