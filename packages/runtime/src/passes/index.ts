/** The rewrites of a graph before planning, in order. Each makes the same results from fewer or better nodes. */
import type { Layout } from "@bitbudget/backend";
import { type Graph, prune } from "@bitbudget/onnx";
import { chooseLayout } from "./choose-layout.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { fuseActivation } from "./fuse-activation.ts";
import { fuseAttention } from "./fuse-attention.ts";
import { fuseBias } from "./fuse-bias.ts";
import { fuseDynamic } from "./fuse-dynamic.ts";
import { fuseGelu } from "./fuse-gelu.ts";
import { fuseLayerNorm } from "./fuse-layer-norm.ts";
import { fuseQdq } from "./fuse-qdq.ts";
import { fuseRmsNorm } from "./fuse-rms-norm.ts";

export interface PassOptions {
  /** Version of the standard operators that the model uses. */
  readonly opset: number;
  /** The order of dimensions in which the device computes images fastest. */
  readonly layout: Layout;
  /** Whether only operators that other runtimes have are made, too. Default false. */
  readonly standard?: boolean;
}

export type Pass = (graph: Graph, options: PassOptions) => void;

/**
 * Groups of quantized nodes come before biases and activations, which would break them up. The layout comes last, when
 * the nodes are those that run.
 */
const passes: readonly Pass[] = [
  foldBatchNorm,
  fuseLayerNorm,
  fuseRmsNorm,
  fuseAttention,
  fuseGelu,
  fuseQdq,
  fuseDynamic,
  fuseBias,
  fuseActivation,
  chooseLayout,
];

export function optimize(graph: Graph, options: PassOptions): void {
  for (const pass of passes) pass(graph, options);
  prune(graph);
}
