/** Metrics: what `evaluate` measures. */
export { type AccuracyOptions, accuracy, type MeanCrossEntropyOptions, meanCrossEntropy } from "./labels.ts";
export type { Measurement, Metric } from "./metric.ts";
export { type MeanSquareOptions, meanSquare } from "./squares.ts";
export { type AgreementOptions, agreement, type MeanDivergenceOptions, meanDivergence } from "./teachers.ts";
