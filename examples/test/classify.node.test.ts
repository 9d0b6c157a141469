/** The classifier example prints the top five, of its own model and of one from a file. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { writeModel } from "@bitbudget/onnx";
import { afterAll, expect, test } from "vitest";
import { digitModel, smudged } from "../src/digits.ts";

const example = fileURLToPath(new URL("../src/classify.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "bitbudget-classify-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function classify(...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", example, ...args]);
  return stdout.trimEnd().split("\n");
}

/**
 * By hand: the smudged 8 differs from 8 in one point, from 0, 6 and 9 in two, from 2 and 5 in three, 3 in four, 4 in five,
 * 7 in seven, 1 in ten. A point costs a factor of e, so 8 has 1 / (1 + 3/e + 2/e^2 + 1/e^3 + 1/e^4 + 1/e^6 + 1/e^9).
 */
const topFive = ["8  0.4090", "0  0.1505", "6  0.1505", "9  0.1505", "2  0.0554"];

test("its own model", async () => {
  expect(await classify()).toEqual(topFive);
});

test("a model and an input from files", async () => {
  const [model, input] = [join(folder, "digits.onnx"), join(folder, "picture.bin")];
  writeFileSync(model, writeModel(digitModel()));
  writeFileSync(input, new Uint8Array(smudged(8).data.buffer));
  expect(await classify(model, input)).toEqual(topFive);
});

test("a model alone", async () => {
  const model = join(folder, "digits.onnx");
  writeFileSync(model, writeModel(digitModel()));
  expect((await classify(model)).length).toBe(5);
});
