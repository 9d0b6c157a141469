/** The README lists the operators that models can be trained through; each has a test of its gradient. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { expectedReadme, readmePath, trainableOperators } from "./support/operator-list.ts";

test("the README is up to date; if not, run node packages/train/scripts/readme.ts", () => {
  expect(readFileSync(readmePath, "utf8")).toBe(expectedReadme());
});

test("a test of gradients or of composites names each operator", () => {
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const files = globSync(["gradients/*.ts", "operators/*.ts", "no-gradient.test.ts"], { cwd });
  const text = files.map((file) => readFileSync(`${cwd}/${file}`, "utf8")).join("\n");
  const named = new Set(text.match(/\w+/g));
  const missing = trainableOperators().filter((name) => !named.has(name.split(".").at(-1) ?? ""));
  expect(missing).toEqual([]);
});
