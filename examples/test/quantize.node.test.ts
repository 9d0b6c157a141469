/** The example that `npm start` runs: a table, and files that a runtime of others loads. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { imageTensor, loadShapesTest } from "@bitbudget/zoo";
import * as ort from "onnxruntime-web";
import { afterAll, expect, test } from "vitest";

const example = fileURLToPath(new URL("../src/quantize.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "bitbudget-quantize-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = (...args: string[]) => promisify(execFile)(process.execPath, ["--no-warnings", example, ...args]);

test("a table, and a file that onnxruntime-web answers as the table says", async () => {
  const { stdout } = await run("--presets", "int8-static", "--images", "20", "--out", folder);
  const row = stdout.split("\n").find((line) => line.startsWith("int8-static"));
  const [, accuracy, , bytes] = row!.split(/\s+/);
  const file = readFileSync(join(folder, "shapes-cnn.int8-static.onnx"));
  expect(Number(bytes)).toBe(file.length);

  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(file);
  const { pixels, labels } = await loadShapesTest();
  const { shape, data } = imageTensor(pixels);
  const image = new ort.Tensor("float32", data as Float32Array, shape as number[]);
  const { logits } = await session.run({ image });
  const rows = logits!.data as Float32Array;
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const own = rows.subarray(i * 12, (i + 1) * 12);
    right += Number(own.indexOf(Math.max(...own)) === labels[i]);
  }
  await session.release();
  expect(`${((100 * right) / labels.length).toFixed(1)}%`).toBe(accuracy);
  expect(right / labels.length).toBeGreaterThan(0.93);
});

test("a preset that does not exist", async () => {
  await expect(run("--presets", "int9")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"int9" is no preset; there are int8-static'),
  });
});
