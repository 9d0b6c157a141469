/**
 * Every ```ts block of every README and docs page is a test: it must compile under the repository's strict settings,
 * run, and print what stands behind `// =>`, line by line.
 */
import { execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Inside of this package, so that blocks import what a user of the packages would. */
const folder = join(root, "examples", ".docs");
const runFile = promisify(execFile);

const pages = globSync(["README.md", "ARCHITECTURE.md", "docs/**/*.md", "packages/*/README.md"], {
  cwd: root,
}).sort();
const blocks = pages.flatMap((page) =>
  [...readFileSync(join(root, page), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match, i) => ({
    name: `${page}, block ${i + 1}`,
    file: join(folder, `${page.replaceAll(/[^a-z0-9]+/gi, "-")}-${i + 1}.ts`),
    code: match[1] ?? "",
  })),
);

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const { file, code } of blocks) writeFileSync(file, `${code}\nexport {};\n`);
  const options = { extends: "../tsconfig.json", files: blocks.map(({ file }) => file), include: [] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("code in the documentation", () => {
  test("is there", () => expect(blocks.length).toBeGreaterThan(3));

  test("compiles", async () => {
    const errors = await runFile("tsc", ["-p", folder]).then(
      () => "",
      ({ stdout }) => String(stdout),
    );
    expect(errors).toBe("");
  }, 60_000);

  test.each(blocks)(
    "$name",
    async ({ file, code }) => {
      const expected = [...code.matchAll(/\/\/ => (.*)$/gm)].map((match) => match[1]);
      const { stdout } = await runFile(process.execPath, ["--no-warnings", file]);
      expect(
        stdout
          .trimEnd()
          .split("\n")
          .filter((line) => line !== ""),
      ).toEqual(expected);
    },
    60_000,
  );
});
