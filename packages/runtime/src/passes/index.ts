/** The rewrites of a graph before planning, in order. Each makes the same results from fewer or better nodes. */
import type { Graph } from "@bitbudget/onnx";
import { foldBatchNorm } from "./fold-batch-norm.ts";

export type Pass = (graph: Graph) => void;

const passes: readonly Pass[] = [foldBatchNorm];

export function optimize(graph: Graph): void {
  for (const pass of passes) pass(graph);
}
