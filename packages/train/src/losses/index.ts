/** Losses: functions that write themselves into the graph of a step. */
export { combine, type WeightedLoss } from "./combine.ts";
export { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.ts";
export { type DistillOptions, distill } from "./distillation.ts";
export { type MeanSquaredErrorOptions, meanSquaredError } from "./mean-squared-error.ts";
