import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { JournalWriteError } from "../../src/index.ts";
import { fileStorage } from "../../src/node.ts";

const folder = mkdtempSync(join(tmpdir(), "bitbudget-search-"));
afterAll(() => rmSync(folder, { recursive: true }));
const bytes = (text: string) => new TextEncoder().encode(text);

describe("a journal in a file", () => {
  test("begins in folders that are not there yet, grows, and is cut", async () => {
    const path = join(folder, "new", "folder", "journal");
    {
      await using storage = await fileStorage(path);
      expect(await storage.read()).toHaveLength(0);
      await storage.append(bytes("one\n"));
      await storage.append(bytes("two"));
    }
    await using storage = await fileStorage(path);
    expect(await storage.read()).toEqual(bytes("one\ntwo"));
    await storage.truncate(4);
    await storage.append(bytes("three"));
    expect(readFileSync(path, "utf8")).toBe("one\nthree");
  });

  test("is not shared with another process that writes", async () => {
    const path = join(folder, "shared");
    await using storage = await fileStorage(path);
    await storage.append(bytes("ours\n"));
    appendFileSync(path, "theirs\n");
    await expect(storage.append(bytes("ours\n"))).rejects.toThrow(JournalWriteError);
    await expect(storage.truncate(0)).rejects.toThrow("another process");
    expect(readFileSync(path, "utf8")).toBe("ours\ntheirs\n");
  });

  test("that cannot be is an error that names the path", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    await expect(fileStorage(join(file, "journal"))).rejects.toThrow(JournalWriteError);
    await expect(fileStorage(join(file, "journal"))).rejects.toThrow(file);
  });
});
