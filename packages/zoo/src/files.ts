/** What is committed: the trained models and the test sets that their accuracies are stated for. */
import { type ModelProto, parseModel } from "@bitbudget/onnx";
import { read } from "#read";
import { readText } from "./language/file.ts";
import type { TextSample } from "./language/text.ts";
import type { ShapeImages } from "./shapes/images.ts";
import { readSheet } from "./shapes/sheet.ts";

/** Where the files are; written so that bundlers find them. */
export const files = {
  shapesCnn: new URL("../models/shapes-cnn.onnx", import.meta.url),
  languageTransformer: new URL("../models/language-transformer.onnx", import.meta.url),
  shapesTest: new URL("../data/shapes-test.png", import.meta.url),
  languageTest: new URL("../data/language-test.txt", import.meta.url),
} as const;

/** The trained network for the shapes (`buildShapesCnn` says what it takes and gives). */
export async function loadShapesCnn(): Promise<ModelProto> {
  return parseModel(await read(files.shapesCnn));
}

/** The trained network for the language (`buildLanguageTransformer` says what it takes and gives). */
export async function loadLanguageTransformer(): Promise<ModelProto> {
  return parseModel(await read(files.languageTransformer));
}

/** The 1,000 images of the test split, seed 0. */
export async function loadShapesTest(): Promise<ShapeImages> {
  return readSheet(await read(files.shapesTest));
}

/** The 1,000 samples of the test split, seed 0. */
export async function loadLanguageTest(): Promise<TextSample[]> {
  return readText(new TextDecoder().decode(await read(files.languageTest)));
}
