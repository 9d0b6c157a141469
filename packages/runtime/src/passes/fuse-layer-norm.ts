/**
 * Layer normalization spelled out (mean, difference, mean of squares, root, quotient, scale, shift over the last axis)
 * becomes LayerNormalization (Ba et al. 2016).
 */
import { valuesOf } from "@bitbudget/core";
import { type Graph, getInts, makeNode, type NodeProto } from "@bitbudget/onnx";
import { constant, isOp, nodesOf, replaceChain, soleConsumer } from "./match.ts";

export function fuseLayerNorm(graph: Graph): void {
  for (const quotient of nodesOf(graph, "Div")) fuse(graph, quotient);
}

function fuse(graph: Graph, quotient: NodeProto): void {
  const difference = graph.producer(quotient.input[0] ?? "");
  const root = graph.producer(quotient.input[1] ?? "");
  if (!isOp(difference, "Sub") || !isOp(root, "Sqrt")) return;
  const [x = ""] = difference.input;
  const mean = graph.producer(difference.input[1] ?? "");
  const shifted = graph.producer(root.input[0] ?? "");
  if (!isMeanOfLastAxis(graph, mean, x) || !isOp(shifted, "Add")) return;
  const epsilonAt = shifted.input.findIndex((name) => constant(graph, name)?.data.length === 1);
  const epsilon = constant(graph, shifted.input[epsilonAt]);
  const variance = graph.producer(shifted.input[1 - epsilonAt] ?? "");
  if (epsilon === undefined || variance === undefined) return;
  const square = graph.producer(variance.input[0] ?? "");
  if (!isSquare(graph, square, difference.output[0]) || !isMeanOfLastAxis(graph, variance, square.output[0]))
    return;

  const scaled = soleConsumer(graph, quotient.output[0]);
  const scale = isOp(scaled, "Mul") ? rowBeside(graph, scaled, quotient.output[0]) : undefined;
  if (scaled === undefined || scale === undefined) return;
  const moved = soleConsumer(graph, scaled.output[0]);
  const bias = isOp(moved, "Add") ? rowBeside(graph, moved, scaled.output[0]) : undefined;
  const last = moved !== undefined && bias !== undefined ? moved : scaled;
  const [epsilonValue = 0] = valuesOf(epsilon);
  const norm = makeNode(
    "LayerNormalization",
    bias === undefined ? [x, scale] : [x, scale, bias],
    last.output,
    {
      name: quotient.name,
      attributes: { axis: -1n, epsilon: epsilonValue },
    },
  );
  // The difference feeds the square and the quotient; what nobody uses any more is pruned later.
  replaceChain(graph, last === scaled ? [quotient, scaled] : [quotient, scaled, last], norm);
}

function isMeanOfLastAxis(
  graph: Graph,
  node: NodeProto | undefined,
  x: string | undefined,
): node is NodeProto {
  if (!isOp(node, "ReduceMean") || node.input[0] !== x) return false;
  const given = constant(graph, node.input[1]);
  const axes = given === undefined ? getInts(node, "axes", []) : Array.from(valuesOf(given));
  return axes.length === 1 && axes[0] === -1;
}

function isSquare(graph: Graph, node: NodeProto | undefined, of: string | undefined): node is NodeProto {
  if (node === undefined || node.input[0] !== of) return false;
  if (isOp(node, "Mul")) return node.input[1] === of;
  if (!isOp(node, "Pow")) return false;
  const exponent = constant(graph, node.input[1]);
  return exponent?.data.length === 1 && valuesOf(exponent)[0] === 2;
}

function rowBeside(graph: Graph, node: NodeProto, value: string | undefined): string | undefined {
  const name = (node.input[0] === value ? node.input[1] : node.input[0]) ?? "";
  return constant(graph, name)?.shape.length === 1 ? name : undefined;
}
