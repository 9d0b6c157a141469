/** Post-training quantization of ONNX models. */

export { type AnalyzeOptions, analyze } from "./analysis/analyze.ts";
export { chartAnalysis } from "./analysis/chart.ts";
export { type EstimateOptions, estimateSensitivity, type SchemeEstimate } from "./analysis/estimate.ts";
export { formatAnalysis } from "./analysis/format.ts";
export type { Objective } from "./analysis/objective.ts";
export { type Interval, rankCorrelation } from "./analysis/statistics.ts";
export type { Analysis, Correlations, LayerAnalysis, Prediction, Trial } from "./analysis/types.ts";
export { activationsOf } from "./calibration/activations.ts";
export {
  type CalibrationCache,
  cachedCalibration,
  calibrationKey,
  contentHash,
  memoryCache,
} from "./calibration/cache.ts";
export {
  type CalibrateOptions,
  type CalibrationChoices,
  type CalibrationProgress,
  calibrate,
} from "./calibration/calibrate.ts";
export * from "./calibration/errors.ts";
export { calibrationFromBytes, calibrationToBytes } from "./calibration/file.ts";
export {
  type GramOptions,
  type GramProgress,
  inputGrams,
  type LayerInputs,
  type OtherInputs,
  type OtherModel,
} from "./calibration/grams.ts";
export type { ObservedCalibration, ObservedValue, ValueData } from "./calibration/observed.ts";
export type {
  Calibration,
  ChannelStatistics,
  CodeFormat,
  LayerGram,
  ValueStatistics,
} from "./calibration/statistics.ts";
export * from "./errors.ts";
export { type ExportOptions, exportModel, METADATA_KEY } from "./export/export-model.ts";
export { type EncodingName, type EncodingRow, encodings } from "./export/targets/encodings.ts";
export { type TargetFault, targetFaults } from "./export/targets/faults.ts";
export { checkTarget, type SupportedScheme, supportedSchemes } from "./export/targets/support.ts";
export { type Target, targets } from "./export/targets/target.ts";
export { floatModel, normalizeModel } from "./float-model.ts";
export { isRecurrent, type Layer, type LayerOperator, type LayerWeight, layersOf } from "./layers.ts";
export { PREPROCESSING_KEY, preprocessingOf, withMetadata } from "./metadata.ts";
export { OutputReference } from "./output-error.ts";
export { isPreset, type Preset, presetAssignment, presets } from "./presets.ts";
export {
  exportPrepared,
  type Prepared,
  prepare,
  type QuantizeOptions,
  quantize,
  type Repair,
} from "./quantize.ts";
export {
  type Attempt,
  type QuantizedModel,
  type QuantizeModelOptions,
  quantizeModel,
} from "./quantize-model.ts";
export { type AdaroundOptions, adaround } from "./rounding/adaround.ts";
export {
  type BestMappingOptions,
  bestMapping,
  compareMappings,
  type MappingResult,
  mappingScheme,
} from "./rounding/best-mapping.ts";
export type { Block } from "./rounding/blocks.ts";
export { type DescentOptions, descend } from "./rounding/descent.ts";
export { asymmetricTarget, type GptqOptions, gptq } from "./rounding/gptq.ts";
export { codedWeight, type Grid, type Rounded, roundedValues, type Table } from "./rounding/grid.ts";
export { NotPositiveDefiniteError } from "./rounding/linear-algebra.ts";
export { biasShift, centered, importanceOf, outputError } from "./rounding/loss.ts";
export { type GridOptions, gridOf, roundedOf } from "./rounding/make-grid.ts";
export { type WeightMatrix, weightMatrix } from "./rounding/matrix.ts";
export { nearest, roundNearest } from "./rounding/nearest.ts";
export type { RangeOptions } from "./rounding/ranges.ts";
export { type ReconstructOptions, reconstructBlocks } from "./rounding/reconstruct.ts";
export { type RefineOptions, refine, searchScales } from "./rounding/scale-search.ts";
export {
  type RoundedModel,
  type RoundingMethod,
  roundSequentially,
  type SequentialOptions,
  withWeights,
} from "./rounding/sequential.ts";
export * from "./scheme.ts";
export { type AbsorbBiasOptions, absorbHighBias } from "./transforms/absorb-bias.ts";
export { type AwqOptions, awqScale } from "./transforms/awq.ts";
export {
  type CorrectBiasOptions,
  correctBias,
  correctBiasEmpirically,
  type EmpiricalOptions,
} from "./transforms/bias-correction.ts";
export { type EqualizeOptions, equalize } from "./transforms/equalize.ts";
export type { ScaledGroup, ScaledModel, ScaleOptions } from "./transforms/factor-search.ts";
export { type FakeQuantizeOptions, fakeQuantize, nearestWeights } from "./transforms/fake-quantize.ts";
export { type SmoothQuantOptions, smoothQuant } from "./transforms/smooth-quant.ts";
export {
  type Difference,
  defaultTolerance,
  type Tolerance,
} from "./verify/difference.ts";
export { type Fault, type FaultyNode, VerificationError } from "./verify/errors.ts";
export {
  type OnnxruntimeOptions,
  type OrtModule,
  type OrtSession,
  onnxruntimeRunner,
} from "./verify/onnxruntime.ts";
export type { OrtTensor, OrtTensorConstructor } from "./verify/onnxruntime-tensors.ts";
export type { Agreement, PredictionOptions } from "./verify/predictions.ts";
export type { OutputReport, RunnerReport, Verification } from "./verify/report.ts";
export {
  type Runner,
  type RunnerFactory,
  type SessionRunnerOptions,
  sessionRunner,
} from "./verify/runner.ts";
export { type VerifyOptions, verify } from "./verify/verify.ts";
