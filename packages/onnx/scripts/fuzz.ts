/**
 * Sends any number of damaged models through the reader, the checks and the graph.
 *
 *   pnpm -F @bitbudget/onnx fuzz --count 1000000 [--seed 1] [model.onnx ...]
 *
 * Without files, mutants of the tests' own models. A failure prints its seed: run it again with `--count 1 --seed`.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { writeModel } from "../src/index.ts";
import { type Fate, fuzz } from "../test/fuzz/survive.ts";
import { sampleModel } from "../test/support/sample.ts";
import { smallModels } from "../test/support/small.ts";

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: { count: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
  allowPositionals: true,
});
const count = Number(values.count);
const seed = Number(values.seed);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
  throw new Error("--count and --seed take whole numbers");
}
const corpus =
  positionals.length > 0
    ? positionals.map((path) => new Uint8Array(readFileSync(path)))
    : [sampleModel(), ...smallModels()].map(writeModel);

const BATCH = 10_000;
const total: Record<Fate, number> = { refused: 0, read: 0, right: 0 };
const start = performance.now();
for (let done = 0; done < count; done += BATCH) {
  const fates = fuzz(corpus, seed + done, Math.min(BATCH, count - done));
  total.refused += fates.refused;
  total.read += fates.read;
  total.right += fates.right;
  const seconds = (performance.now() - start) / 1000;
  const sum = total.refused + total.read + total.right;
  console.log(
    `${sum} mutants in ${seconds.toFixed(0)} s: ${total.refused} refused, ${total.read} read with problems, ${total.right} right`,
  );
}
