/**
 * Layer normalization spelled out (mean, difference, mean of squares, root, quotient, scale, shift over the last axis)
 * becomes LayerNormalization (Ba et al. 2016).
 */
import { type Graph, makeNode, type NodeProto } from "@bitbudget/onnx";
import { isOp, nodesOf, replaceChain, soleConsumer } from "./match.ts";
import { isMeanOfLastAxis, rootOfMeanSquare, rowBeside } from "./norm-parts.ts";

export function fuseLayerNorm(graph: Graph): void {
  for (const quotient of nodesOf(graph, "Div")) fuse(graph, quotient);
}

function fuse(graph: Graph, quotient: NodeProto): void {
  const difference = graph.producer(quotient.input[0] ?? "");
  const deviation = rootOfMeanSquare(graph, graph.producer(quotient.input[1] ?? ""));
  if (!isOp(difference, "Sub") || deviation === undefined) return;
  if (deviation.value !== difference.output[0]) return;
  const [x = ""] = difference.input;
  if (!isMeanOfLastAxis(graph, graph.producer(difference.input[1] ?? ""), x)) return;

  const scaled = soleConsumer(graph, quotient.output[0]);
  const scale = isOp(scaled, "Mul") ? rowBeside(graph, scaled, quotient.output[0]) : undefined;
  if (scaled === undefined || scale === undefined) return;
  const moved = soleConsumer(graph, scaled.output[0]);
  const bias = isOp(moved, "Add") ? rowBeside(graph, moved, scaled.output[0]) : undefined;
  const last = moved !== undefined && bias !== undefined ? moved : scaled;
  const norm = makeNode(
    "LayerNormalization",
    bias === undefined ? [x, scale] : [x, scale, bias],
    last.output,
    {
      name: quotient.name,
      attributes: { axis: -1n, epsilon: deviation.epsilon },
    },
  );
  // The difference feeds the square and the quotient; what nobody uses any more is pruned later.
  replaceChain(graph, last === scaled ? [quotient, scaled] : [quotient, scaled, last], norm);
}
