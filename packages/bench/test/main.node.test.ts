/** The command from end to end, on rows that take little time. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../src/main.ts";
import { readRows } from "../src/node/files.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(...argv: readonly string[]) {
  const lines: string[] = [];
  const errors: string[] = [];
  const code = await main(argv, { out: (text) => lines.push(text), error: (text) => errors.push(text) });
  return { code, out: lines.join("\n"), error: errors.join("\n") };
}

// A second where nothing else runs.
const slow = { timeout: 60_000 };

test("a kernel is timed against its rivals and written as JSON, and the report shows it", slow, async () => {
  const json = join(folder, "kernels.json");
  const { code, out } = await run("kernels", "--backend", "js", "--filter", "layerNorm", "--json", json);
  expect(out).toContain("ort-web LayerNormalization");
  expect(code).toBe(0);
  const { rows, environment, command } = await readRows(json);
  expect(command).toBe("kernels");
  expect(environment.rivals["ort-web"]).toMatch(/^onnxruntime-web \d/);
  const [row] = rows;
  if (row?.status !== "timed") throw new Error("the row was not timed");
  expect(row).toMatchObject({ op: "layerNorm", shape: "128x768", threads: 1, backend: "js", problems: [] });
  for (const { medianMs, ratio } of Object.values(row.rivals))
    expect(ratio).toBeCloseTo(medianMs / row.medianMs);

  const page = join(folder, "report.html");
  expect((await run("report", json, "--out", page)).code).toBe(0);
  expect(await readFile(page, "utf8")).toContain("128x768");
});

test("rows can be listed without timing them", async () => {
  const { code, out } = await run(
    "models",
    "--models",
    join(folder, "none"),
    "--filter",
    "QDQ MobileNetV2",
    "--list",
  );
  expect(code).toBe(0);
  expect(out.split("\n").at(-1)).toBe("model, 8-bit QDQ, MobileNetV2");
  expect(out).toContain("generated ones alone");
});

test("help says what there is", async () => {
  const { code, out } = await run("--help");
  expect(code).toBe(0);
  for (const word of ["kernels", "models", "first", "report", "--threads", "Exit codes"])
    expect(out).toContain(word);
});

test("what makes no sense is said, with exit code 2", async () => {
  expect(await run("kernels", "--filter", "no such row")).toMatchObject({
    code: 2,
    error: expect.stringContaining("no row contains no and such and row"),
  });
  expect(await run("kernels", "--threads", "many")).toMatchObject({ code: 2 });
  expect(await run("report", join(folder, "absent.json"))).toMatchObject({
    code: 2,
    error: expect.stringContaining("absent.json: cannot be read"),
  });
  const other = join(folder, "other.json");
  await writeFile(other, '{"rows": []}');
  expect((await run("report", other)).error).toContain("is not what --json writes");
  await writeFile(other, "no json");
  expect((await run("report", other)).error).toContain("is not JSON");
});

test("tables go between two lines of a page that is there, and nowhere else", async () => {
  const json = join(folder, "empty.json");
  const environment = { engine: "Node", processor: "", device: "", threads: 1, rivals: {} };
  const file = { format: "bitbudget-bench/1", command: "first", date: "2026-01-01", environment, rows: [] };
  await writeFile(json, JSON.stringify(file));
  const page = join(folder, "page.md");
  await writeFile(page, "# Title\n\n<!-- bench: begin -->\nold\n<!-- bench: end -->\n\nEnd\n");
  expect((await run("report", json, "--out", page)).code).toBe(0);
  const text = await readFile(page, "utf8");
  expect(text).toMatch(
    /^# Title\n\n<!-- bench: begin -->\n\n\| work [\s\S]*\n\n<!-- bench: end -->\n\nEnd\n$/,
  );
  expect(text).not.toContain("old");
  // Again gives the same: nothing piles up.
  await run("report", json, "--out", page);
  expect(await readFile(page, "utf8")).toBe(text);
  await writeFile(page, "# No place\n");
  expect((await run("report", json, "--out", page)).error).toContain("to write between");
});
