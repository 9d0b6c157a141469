/** Training over ONNX graphs: gradients, losses, optimizers, quantization-aware training. */
export type { Batch } from "./batch.ts";
export { type Batches, type BatchSource, batchesOf, type MiniBatchOptions, miniBatches } from "./batches.ts";
export { type Clip, clipGradients, globalNorm } from "./clip.ts";
export { differentiate } from "./differentiate.ts";
export * from "./errors.ts";
export { type EvaluateOptions, evaluate } from "./evaluate.ts";
export type { FitOptions, FitReport } from "./fit.ts";
export { gradients } from "./gradients/index.ts";
export type { Backward, GradientRule, GradientTable } from "./gradients/rule.ts";
export type { Value } from "./graph/builder.ts";
export type { Statistics } from "./graph/forward.ts";
export { Ops } from "./graph/ops.ts";
export {
  type Labels,
  type LossContext,
  type LossFunction,
  type StepGraph,
  type StepOptions,
  stepGraph,
  type Target,
} from "./graph/step.ts";
export { type Group, isVector } from "./groups.ts";
export * from "./losses/index.ts";
export { macrotask } from "./macrotask.ts";
export * from "./metrics/index.ts";
export { type DropoutMask, dropoutMask } from "./operators/dropout.ts";
export type { StatisticsMode } from "./operators/operator.ts";
export type { QuantizerMethod } from "./operators/quantizer.ts";
export * from "./optimizers/index.ts";
export { defaultParameters, type ParameterChoice, TRAINED } from "./parameters.ts";
export type { StepProfile } from "./profile.ts";
export { formatDuration, formatProgress, type Progress } from "./progress.ts";
export * from "./qat/index.ts";
export { permutation, randomNumbers } from "./random.ts";
export * from "./schedules.ts";
export { mapBatches, taughtBy } from "./teacher.ts";
export { createTrainer, type StepReport, type Trainer, type TrainerOptions } from "./trainer.ts";
