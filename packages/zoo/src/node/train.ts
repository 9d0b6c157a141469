/** `npm run example:train`: makes the committed test sets and trains the committed models. What it takes is in arguments.ts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { open } from "@bitbudget/backend-wasm";
import { writeModel } from "@bitbudget/onnx";
import { formatDuration } from "@bitbudget/train";
import { files } from "../files.ts";
import { writeText } from "../language/file.ts";
import { textSamples } from "../language/text.ts";
import { shapeImages } from "../shapes/images.ts";
import { writeSheet } from "../shapes/sheet.ts";
import { languageRecipe } from "../training/language.ts";
import { type Recipe, trainRecipe } from "../training/recipe.ts";
import { shapesRecipe } from "../training/shapes.ts";
import { help, parseArguments } from "./arguments.ts";

const settings = readArguments();
const { parts } = settings;

if (parts.includes("data")) {
  save(files.shapesTest, await writeSheet(shapeImages({ split: "test", count: 1000 })));
  save(files.languageTest, new TextEncoder().encode(writeText(textSamples({ split: "test", count: 1000 }))));
}
if (parts.includes("shapes")) await train(shapesRecipe, files.shapesCnn);
if (parts.includes("language")) await train(languageRecipe, files.languageTransformer);

/** What was asked for; what is wrong with it, or the help, is printed, and that is all. */
function readArguments() {
  const list = process.argv.slice(2);
  if (list.includes("--help")) {
    console.log(help);
    process.exit(0);
  }
  try {
    return parseArguments(list);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\nSee npm run example:train -- --help.`);
    process.exit(1);
  }
}

async function train(recipe: Recipe, url: URL): Promise<void> {
  await using backend = await open({ threads: 2 });
  const start = performance.now();
  const model = await trainRecipe(recipe, {
    backend,
    ...(settings.steps !== undefined && { steps: settings.steps }),
    ...(settings.seed !== undefined && { seed: settings.seed }),
    onStep(report) {
      if (report.step % 50 === 0 || report.step === 1) console.log(`${recipe.name}  ${report}`);
    },
  });
  console.log(`${recipe.name}: trained in ${formatDuration((performance.now() - start) / 1000)}`);
  for (const { key, value } of model.metadataProps)
    if (/^(test|training)\./.test(key)) console.log(`  ${key} ${value}`);
  save(url, writeModel(model));
}

/** Writes a file in its place, or in the folder that was given. */
function save(url: URL, bytes: Uint8Array): void {
  const place = fileURLToPath(url);
  const { out } = settings;
  if (out !== undefined) mkdirSync(out, { recursive: true });
  const path = out === undefined ? place : join(out, basename(place));
  writeFileSync(path, bytes);
  console.log(`${path}: ${bytes.length} bytes`);
}
