/** Data for models: datasets of images, tensors and texts, and the preprocessing that travels with a model. */
export type { Batch, Sample, Tensors } from "./batch.ts";
export { type BatchOptions, createDataset, type Dataset, fromTensors, type SampleSource } from "./dataset.ts";
export * from "./errors.ts";
export type { FileInput } from "./files/file.ts";
export type { Limits } from "./files/limits.ts";
export type { ImageOptions } from "./images/folder.ts";
export type { Image } from "./images/image.ts";
export type { LabelMap } from "./images/labels.ts";
export { createPreprocessor, preprocess } from "./images/preprocess.ts";
export {
  checkPreprocessing,
  type ImageDType,
  type Preprocessing,
  type Size,
} from "./images/preprocessing.ts";
export { type Filter, resize } from "./images/resize.ts";
export { preprocessingSchema, type Schema } from "./images/schema.ts";
export { type OpenOptions, openData } from "./open.ts";
export { readImage, readNpy, readNpz, readSafetensors } from "./read.ts";
export { type BatchInput, fromBatches, type StreamOptions } from "./stream.ts";
export type { ArrayNames } from "./tensors/array.ts";
export type { TextOptions } from "./text/text.ts";
export {
  type LoadedTokenizer,
  loadTokenizer,
  type Tokenize,
  type TokenizerOptions,
} from "./text/tokenizer.ts";
export type { WindowOptions } from "./text/windows.ts";
