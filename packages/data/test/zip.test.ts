/** Archives: those that lie, bombs, and damage. */
import fc from "fast-check";
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { DataError } from "../src/errors.ts";
import { bytesFile } from "../src/files/file.ts";
import { gunzip } from "../src/files/gzip.ts";
import { withLimits } from "../src/files/limits.ts";
import { zipFiles } from "../src/files/zip.ts";
import { bytesOf, fromText, join, noise } from "./support/bytes.ts";

const limits = withLimits({ memory: 2 ** 20 });
const content = {
  "a.txt": fromText("hello"),
  "folder/b.bin": noise(1000),
  "zeros.bin": new Uint8Array(5000),
};
const deflated = bytesOf(zipSync(content));
const stored = bytesOf(zipSync(content, { level: 0 }));

async function unzip(bytes: Uint8Array<ArrayBuffer>, limit = limits): Promise<Record<string, Uint8Array>> {
  const all: Record<string, Uint8Array> = {};
  for (const file of await zipFiles(bytesFile("a.zip", bytes), limit)) all[file.path] = await file.read();
  return all;
}

/** Overwrites little-endian numbers behind each occurrence of a signature. */
function forge(
  bytes: Uint8Array<ArrayBuffer>,
  signature: number,
  offset: number,
  value: number,
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at + offset + 4 <= copy.length; at++)
    if (view.getUint32(at, true) === signature) view.setUint32(at + offset, value, true);
  return copy;
}

test.each([
  ["deflated", deflated],
  ["stored", stored],
])("%s entries", async (_, bytes) => {
  expect(await unzip(bytes)).toEqual(content);
});

test("stored entries are read in parts, others are not", async () => {
  const [, part] = await zipFiles(bytesFile("a.zip", stored), limits);
  expect([part!.packed ?? false, await part!.read(10, 20)]).toEqual([false, noise(1000).subarray(10, 20)]);
  const [, whole] = await zipFiles(bytesFile("a.zip", deflated), limits);
  expect(whole!.packed).toBe(true);
});

test("a bomb is refused before it goes off", async () => {
  const bomb = bytesOf(zipSync({ "zeros.bin": new Uint8Array(2 ** 21) }));
  await expect(unzip(bomb)).rejects.toThrow(
    "a.zip/zeros.bin: expands to 2097152 bytes, and the limit is 1048576",
  );
  await expect(unzip(forge(bomb, 0x02014b50, 24, 1000))).rejects.toThrow(
    "expands to more than the 1000 bytes that it declares",
  );
  const liar = forge(bytesOf(zipSync({ "a.txt": fromText("hello") })), 0x02014b50, 24, 2 ** 20);
  await expect(unzip(liar)).rejects.toThrow("which 7 compressed ones cannot hold");
  await expect(unzip(deflated, withLimits({ entries: 2 }))).rejects.toThrow(
    "declares 3 files, and the limit is 2",
  );
});

test("what lies outside is not read", async () => {
  await expect(unzip(forge(stored, 0x02014b50, 42, 2 ** 31))).rejects.toThrow(
    "it lies outside of its archive",
  );
  await expect(unzip(forge(stored, 0x06054b50, 16, 2 ** 31))).rejects.toThrow(
    "its directory lies beyond its end",
  );
  await expect(unzip(fromText("no archive at all, but long enough"))).rejects.toThrow("is not a zip archive");
  await expect(unzip(stored.slice(0, 100))).rejects.toThrow("is not a zip archive, or its end is missing");
});

test("entries whose bytes have changed, or reach into what follows", async () => {
  const at = stored.findIndex(
    (_, i) => stored[i] === 104 && stored[i + 1] === 101 && stored[i + 2] === 108 && stored[i + 3] === 108,
  );
  const changed = stored.map((byte, i) => (i === at ? 72 : byte));
  await expect(unzip(changed)).rejects.toThrow("a.zip/a.txt: is damaged: its checksum does not match");
  const long = forge(forge(stored, 0x02014b50, 20, 9000), 0x02014b50, 24, 9000);
  await expect(unzip(long)).rejects.toThrow("it lies outside of its archive");
});

test("any damage is an error of this package, or does not matter", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(deflated, stored),
      fc.nat(deflated.length - 1),
      fc.nat(255),
      async (bytes, at, value) => {
        const damaged = bytes.map((byte, i) => (i === at ? value : byte));
        await unzip(damaged).catch((error: unknown) => expect(error).toBeInstanceOf(DataError));
      },
    ),
    { numRuns: 200 },
  );
});

test("gzip ends at the limit", async () => {
  const packed = new Blob([new Uint8Array(2 ** 21)]).stream().pipeThrough(new CompressionStream("gzip"));
  const file = bytesFile("a.bin.gz", new Uint8Array(await new Response(packed).arrayBuffer()));
  await expect(gunzip(file, limits)).rejects.toThrow("a.bin.gz: expands to more than 1048576 bytes");
  const whole = await gunzip(file, withLimits());
  expect([whole.path, whole.size]).toEqual(["a.bin", 2 ** 21]);
  await expect(gunzip(bytesFile("b.gz", join([31, 139], noise(50))), limits)).rejects.toThrow(
    "b.gz: cannot be expanded",
  );
});
