/**
 * Loads a model, runs it and prints its top five: `node src/classify.ts [model.onnx [input.bin]]`.
 * The input is a file of little-endian float32s; without one, noise. Without a model, a classifier of ten digits.
 */
import { readFileSync } from "node:fs";
import { open } from "@bitbudget/backend-js";
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { createSession } from "@bitbudget/runtime";
import { digitModel, smudged } from "./digits.ts";

const [path, inputPath] = process.argv.slice(2);

await using backend = await open();
await using session = await createSession(path ?? digitModel(), { backend });

const [input] = session.inputs;
if (input?.dtype !== "float32" || input.shape === undefined || session.inputs.length !== 1)
  throw new Error("this example feeds models that take one tensor of float32");
// Sizes that the model leaves open, such as that of the batch, are 1.
const shape = input.shape.map((size) => (typeof size === "number" ? size : 1));

const start = performance.now();
const results = await session.run({ [input.name]: path === undefined ? smudged(8) : readInput() });
const [scores] = Object.values(results);
if (scores === undefined) throw new Error("the model has no output");
console.error(`${(performance.now() - start).toFixed(0)} ms on ${backend.name}`);

const ranked = Array.from(valuesOf(scores), (score, label) => ({ score, label })).sort(
  (a, b) => b.score - a.score,
);
for (const { score, label } of ranked.slice(0, 5)) console.log(`${label}  ${score.toFixed(4)}`);

function readInput(): HostTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  if (inputPath === undefined) return tensor("float32", shape, Array.from({ length: count }, Math.random));
  const bytes = readFileSync(inputPath);
  return tensor(
    "float32",
    shape,
    new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)),
  );
}
