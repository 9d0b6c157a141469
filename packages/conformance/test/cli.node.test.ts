/** The command: what it prints, its exit codes, and errors that say what to do. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "../src/cli/main.ts";

const folder = mkdtempSync(join(tmpdir(), "bitbudget-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...argv: string[]) {
  let [out, error] = ["", ""];
  const code = await main(argv, {
    out: (text) => {
      out += `${text}\n`;
    },
    error: (text) => {
      error += `${text}\n`;
    },
  });
  return { code, out, error };
}

function moduleOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const JS = "@bitbudget/backend-js";
const CASE = "linear/static/by-hand";
const js = JSON.stringify(import.meta.resolve("@bitbudget/backend-js"));
const wrong = moduleOf(
  "wrong.mjs",
  `import { open as openJs } from ${js};
   export async function open() {
     const backend = await openJs();
     return Object.create(backend, { read: { value: async (tensor) => {
       const read = await backend.read(tensor);
       if (tensor.type.dtype === "uint8" && read.data[513] === 247) read.data[513] = 246;
       return read;
     } } });
   }`,
);

describe("check", () => {
  test("passes a case and says so", async () => {
    const { code, out } = await run("check", JS, "--case", CASE);
    expect(out).toContain("cases: 1 passed, 0 refused, 0 failed");
    expect(code).toBe(0);
  });

  test("prints spec and tensors with --verbose", async () => {
    const { out } = await run("check", JS, "--case", CASE, "--verbose");
    expect(out).toContain(`${CASE}: passed\n`);
    expect(out).toContain('spec {"attributes":{"bias":"int32","channels":2,');
    expect(out).toContain("inputs[0] uint8 [2, 2]: 130 126 128 138\n");
    expect(out).toContain("weights.weight int8 [2, 2]: 3 -1 -2 4\n");
    expect(out).toContain("expected[0] int8 [2, 2]: 1 -9 -7 17\n");
    expect(out).toContain("actual[0] int8 [2, 2]: 1 -9 -7 17\n");
  });

  test("fails with the place, the bits and the command", async () => {
    const { code, out } = await run("check", wrong, "--case", CASE);
    expect(out).toContain("index 1 [0, 1]");
    expect(out).toContain(`--case ${CASE} --verbose`);
    expect(out).toContain("cases: 0 passed, 0 refused, 1 failed");
    expect(code).toBe(1);
  });

  test("prints JSON with --json", async () => {
    const { out } = await run("check", JS, "--case", "linear/static/requantize/ties", "--json");
    expect(JSON.parse(out)).toMatchObject({ backend: "js", broken: [], failed: [], refused: [] });
    expect(JSON.parse(out).passed).toContain("linear/static/requantize/ties/uint8");
    const failed = JSON.parse((await run("check", wrong, "--case", CASE, "--json")).out);
    expect(failed.failed[0]).toMatchObject({
      id: CASE,
      failures: [{ kind: "not repeatable" }, { kind: "mismatch", mismatch: { actual: -10 } }],
    });
  });
});

describe("support", () => {
  test("prints the matrix, or writes it", async () => {
    const file = join(folder, "support.md");
    expect((await run("support", JS, "--write", file)).code).toBe(0);
    const { out } = await run("support", JS);
    expect(out).toContain("| float32 x int4 block ");
    expect(out).toBe(readFileSync(file, "utf8"));
  });
});

describe("time", () => {
  test("prints median, GMAC/s and GB/s", async () => {
    const { code, out } = await run("time", JS, "--case", "time/binary", "--samples", "2");
    expect(out).toMatch(
      /median ms +GMAC\/s +GB\/s\ntime\/binary\/add\/float32\/65536 +\d+\.\d{3} +\d+\.\d\d +\d+\.\d\d +native\n/,
    );
    expect(code).toBe(0);
  });

  test("prints raw samples with --json", async () => {
    const { out } = await run("time", JS, "--case", "time/binary", "--samples", "2", "--json");
    const [result] = JSON.parse(out).results;
    expect(result.timing.samplesMs).toHaveLength(2);
    expect(result.timing.clock).toBe("performance.now");
  });
});

describe("errors say what to do", () => {
  test.each([
    [["fly", "x"], "fly is no command; use check, support or time"],
    [["check"], "check needs a module, such as ./dist/index.js"],
    [["check", "a", "b"], "check takes one module, not 2"],
    [["check", "./nowhere.js"], "Give the path of a module"],
    [["check", "no-such-package"], "the name of an installed package"],
    [["check", JS, "--case", "nothing"], "no case begins with nothing; ids look like linear/"],
    [["check", JS, "--verbose"], "add --case ID"],
    [["check", JS, "--frobnicate"], "--frobnicate"],
    [["time", JS, "--samples", "0"], "--samples must be a positive integer, not 0"],
  ])("%j", async (argv, message) => {
    const { code, error } = await run(...argv);
    expect(error).toContain(message);
    expect(error).toContain("--help");
    expect(code).toBe(2);
  });

  test("of a module without open", async () => {
    const { code, error } = await run("check", moduleOf("empty.mjs", "export const close = 1;"));
    expect(error).toContain(
      "does not export open; a backend module exports a function open(): Promise<Backend>",
    );
    expect(code).toBe(2);
  });
});

test("--help teaches, and the command starts", async () => {
  const bin = fileURLToPath(new URL("../src/cli/bin.ts", import.meta.url));
  const { code, out } = await new Promise<{ code: unknown; out: string }>((resolve) => {
    execFile(process.execPath, ["--no-warnings", bin, "--help"], (error, stdout) =>
      resolve({ code: error?.code ?? 0, out: stdout }),
    );
  });
  expect(out).toContain("bitbudget-conformance check @bitbudget/backend-js\n");
  expect(out).toContain("Exit codes: 0");
  expect(code).toBe(0);
  expect((await run()).code).toBe(2);
});
