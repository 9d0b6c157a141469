/** Training over ONNX graphs: gradients, losses, optimizers, quantization-aware training. */
export { differentiate } from "./differentiate.ts";
export * from "./errors.ts";
export { gradients } from "./gradients/index.ts";
export type { Backward, GradientRule, GradientTable } from "./gradients/rule.ts";
export type { Value } from "./graph/builder.ts";
export type { Statistics } from "./graph/forward.ts";
export { Ops } from "./graph/ops.ts";
export {
  type LossContext,
  type LossFunction,
  type StepGraph,
  type StepOptions,
  stepGraph,
} from "./graph/step.ts";
export { type DropoutMask, dropoutMask } from "./operators/dropout.ts";
export type { StatisticsMode } from "./operators/operator.ts";
