/** Models and data that the project makes itself. */
export * from "./evaluate.ts";
export * from "./files.ts";
export { readText, writeText } from "./language/file.ts";
export { vocabulary } from "./language/grammar.ts";
export * from "./language/text.ts";
export { buildLanguageTransformer } from "./models/language-transformer.ts";
export { buildShapesCnn } from "./models/shapes-cnn.ts";
export { type Picture, PngError, readPng, writePng } from "./png.ts";
export { Random } from "./random.ts";
export { imageSize } from "./shapes/draw.ts";
export * from "./shapes/images.ts";
export { shapeClasses } from "./shapes/outlines.ts";
export { readSheet, writeSheet } from "./shapes/sheet.ts";
export { type Selection, type Split, splits } from "./splits.ts";
export { languageRecipe } from "./training/language.ts";
export { type Recipe, type TrainOptions, trainRecipe } from "./training/recipe.ts";
export { shapesRecipe } from "./training/shapes.ts";
