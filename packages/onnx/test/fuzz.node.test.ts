/** Damaged models never hang, crash or slip through: 20,000 mutants, each made from its seed. `pnpm fuzz` makes millions. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { writeModel } from "../src/index.ts";
import { mutant } from "./fuzz/mutate.ts";
import { fuzz } from "./fuzz/survive.ts";
import { sampleModel } from "./support/sample.ts";
import { haveShared, sharedFolder } from "./support/shared.ts";
import { smallModels } from "./support/small.ts";

const sample = [sampleModel(), ...smallModels()].map(writeModel);
const haveReal = haveShared("mutants of real models");
const real = haveReal ? ["mnist_cntk_12", "quantized/mnist_cntk_12.int8-qoperator"] : [];

test("17,000 mutants of small models, one of which uses every corner of the format", {
  timeout: 120_000,
}, () => {
  const fates = fuzz(sample, 1, 17_000);
  // The mutator is worth something only if it hits both sides of the line.
  expect(fates.refused).toBeGreaterThan(5_000);
  expect(fates.read).toBeGreaterThan(3_000);
});

test.runIf(haveReal)("3,000 mutants of real models", { timeout: 120_000 }, () => {
  const corpus = real.map((name) => new Uint8Array(readFileSync(`${sharedFolder}models/${name}.onnx`)));
  const fates = fuzz(corpus, 20_000, 3_000);
  expect(fates.refused).toBeGreaterThan(500);
  expect(fates.right).toBeGreaterThan(500);
});

test("a seed makes the same mutant again", () => {
  expect(mutant(sample, 5)).toEqual(mutant(sample, 5));
  expect(mutant(sample, 5)).not.toEqual(mutant(sample, 6));
});
