/** Settings of the optimizer for the steps of quantizers. */
import { Graph, type ModelProto } from "@bitbudget/onnx";
import type { Group } from "../groups.ts";
import { defaultParameters } from "../parameters.ts";
import { hasMark, quantizerMark } from "./marks.ts";
import { floatsOf } from "./tensors.ts";

/** A step may become this much smaller than the smallest one of its tensor was; never 0, which codes cannot divide by. */
const SMALLEST = 2 ** -8;

export interface StepGroupsOptions {
  /**
   * Relative to the step: with an optimizer of the Adam family it is how much of itself a step changes by in an update,
   * at most. Default 0.01. With gradient descent leave it to the optimizer ("optimizer"): LSQ and PACT scale
   * gradients so that the learning rate of weights fits (Esser et al. 2020, section 2.2).
   */
  readonly learningRate?: number | "optimizer";
}

/**
 * A group for the step of each quantizer that learns it: no weight decay, a rate that fits its size, and a minimum.
 * LSQ itself has no minimum; without one, an update that is too large could make a step 0 or negative.
 */
export function stepGroups(model: ModelProto, { learningRate = 0.01 }: StepGroupsOptions = {}): Group[] {
  const graph = Graph.of(model);
  return learnedSteps(graph).map((name) => {
    const { data: steps } = floatsOf(graph, name);
    const mean = steps.reduce((sum, step) => sum + Math.abs(step), 0) / steps.length;
    const smallest = steps.reduce((a, b) => Math.min(a, Math.abs(b)), Number.POSITIVE_INFINITY);
    return {
      parameters: [name],
      weightDecay: 0,
      minimum: smallest * SMALLEST,
      ...(typeof learningRate === "number" && { learningRate: learningRate * mean }),
    };
  });
}

/**
 * A group for everything else that is trained by default, with a rate relative to the root mean square of its tensor. A
 * network whose normalizations were folded has weights of very different sizes: what hardly moves those of one layer
 * breaks another, with an optimizer of the Adam family.
 * @param options.learningRate of a tensor whose root mean square is 1
 */
export function weightGroups(
  model: ModelProto,
  { learningRate }: { readonly learningRate: number },
): Group[] {
  const graph = Graph.of(model);
  const steps = new Set(learnedSteps(graph));
  return defaultParameters(model)
    .filter((name) => !steps.has(name))
    .map((name) => {
      const { data } = floatsOf(graph, name);
      const size = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
      return { parameters: [name], learningRate: learningRate * Math.max(size, SMALLEST_SIZE) };
    });
}

/** Of a tensor that starts at zero: a new bias. */
const SMALLEST_SIZE = 1e-3;

/** Names of the steps that quantizers learn. */
function learnedSteps(graph: Graph): string[] {
  const names = graph.nodes
    .filter(
      (node) => node.opType === "QuantizeLinear" && hasMark(node) && quantizerMark(node).method !== "fixed",
    )
    .map((node) => node.input[1] ?? "");
  return [...new Set(names)];
}
