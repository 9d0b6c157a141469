/** A search in another process is killed at 50 random moments. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { openStudy, Random, readJournal } from "../../src/index.ts";
import { fileStorage } from "../../src/node.ts";
import { algorithm, instant, PARALLEL, problem, SEED } from "../support/killed.ts";
import { drain } from "../support/search.ts";

const KILLS = 50;
const folder = mkdtempSync(join(tmpdir(), "bitbudget-search-"));
const path = join(folder, "search.journal");
const child = fileURLToPath(new URL("../support/killed-child.ts", import.meta.url));

afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the search, kills it so many milliseconds after it said so, and returns what it said. */
function life(ms: number | "at start"): Promise<{ lines: string[]; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, ["--no-warnings", child, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    let isTimed = false;
    const time = (delay: number) => {
      if (isTimed) return;
      isTimed = true;
      setTimeout(() => process_.kill("SIGKILL"), delay);
    };
    if (ms === "at start") time(60);
    process_.stdout.on("data", (data: Buffer) => {
      said += data.toString();
      if (ms !== "at start") time(ms);
    });
    process_.on("error", reject);
    process_.on("close", (_, signal) => {
      // A line that was cut off was not said.
      resolve({ lines: said.split("\n").slice(0, -1), signal });
    });
  });
}

test("every completed trial is there afterwards, none is repeated, and the choice is that of an undisturbed search", async () => {
  const random = new Random(2026);
  const told = new Set<number>();
  for (let kill = 0; kill < KILLS; kill++) {
    const before = kill === 0 ? new Set<number>() : completed();
    const { lines, signal } = await life(kill % 10 === 9 ? "at start" : random.below(40));
    expect(signal).toBe("SIGKILL");
    for (const line of lines) {
      const [what, id] = line.split(" ");
      if (what === "evaluate") expect(before.has(Number(id))).toBe(false);
      if (what === "told") told.add(Number(id));
    }
    const after = completed();
    for (const id of [...before, ...told]) expect(after.has(id)).toBe(true);
  }
  const trials = completed().size + 20;
  expect(told.size).toBeGreaterThan(KILLS);

  await using storage = await fileStorage(path);
  const study = await openStudy({ problem, algorithm, storage, seed: SEED });
  const resumed = await drain(study.run(instant, { trials }));
  const undisturbed = await openStudy({ problem, algorithm, seed: SEED, parallel: PARALLEL });
  expect(resumed).toEqual(await drain(undisturbed.run(instant, { trials })));
}, 120_000);

/** Numbers of the trials that the journal has. */
function completed(): Set<number> {
  return new Set(readJournal(readFileSync(path)).trials.map(({ id }) => id));
}
