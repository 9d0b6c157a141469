/**
 * `npm run example:train`: makes the committed test sets and trains the committed models, which it writes in their places.
 *
 *     npm run example:train -- [data] [shapes] [language] [--steps n] [--seed n] [--out folder]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: "string" }, seed: { type: "string" }, out: { type: "string" } },
});
const parts = positionals.length > 0 ? positionals : ["data", "shapes", "language"];
for (const part of parts)
  if (!["data", "shapes", "language"].includes(part))
    throw new Error(`"${part}" is none of data, shapes, language`);

if (parts.includes("data")) {
  save(files.shapesTest, await writeSheet(shapeImages({ split: "test", count: 1000 })));
  save(files.languageTest, new TextEncoder().encode(writeText(textSamples({ split: "test", count: 1000 }))));
}
if (parts.includes("shapes")) await train(shapesRecipe, files.shapesCnn);
if (parts.includes("language")) await train(languageRecipe, files.languageTransformer);

async function train(recipe: Recipe, url: URL): Promise<void> {
  await using backend = await open({ threads: 2 });
  const start = performance.now();
  const model = await trainRecipe(recipe, {
    backend,
    ...(values.steps !== undefined && { steps: Number(values.steps) }),
    ...(values.seed !== undefined && { seed: Number(values.seed) }),
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
  if (values.out !== undefined) mkdirSync(values.out, { recursive: true });
  const path = values.out === undefined ? place : join(values.out, basename(place));
  writeFileSync(path, bytes);
  console.log(`${path}: ${bytes.length} bytes`);
}
