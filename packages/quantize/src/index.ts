/** Post-training quantization of ONNX models. */
export type {
  Calibration,
  ChannelStatistics,
  CodeFormat,
  LayerGram,
  ValueStatistics,
} from "./calibration/statistics.ts";
export * from "./errors.ts";
export { floatModel, normalizeModel } from "./float-model.ts";
export { isRecurrent, type Layer, type LayerOperator, type LayerWeight, layersOf } from "./layers.ts";
export * from "./scheme.ts";
