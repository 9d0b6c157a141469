/** A checkpoint goes from one process to another. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backends } from "../backends.ts";
import { train } from "./continue.ts";

const script = fileURLToPath(new URL("continue.ts", import.meta.url));
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bitbudget-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("10 steps are 5, and 5 more in another process", () => {
  for (const name of Object.keys(backends))
    test(name, async () => {
      const [from, to] = [join(folder, "from"), join(folder, "to")];
      await writeFile(from, await train(name, 5));
      await promisify(execFile)(process.execPath, [script, name, from, to]);
      expect(new Uint8Array(await readFile(to))).toEqual(await train(name, 10));
    });
});
