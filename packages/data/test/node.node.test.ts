/** Paths: files, folders, modules. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openData } from "../src/node/index.ts";
import { fromBase64, noise } from "./support/bytes.ts";
import { collect, feedsOf, labelsOf } from "./support/collect.ts";
import arrays from "./vectors/arrays.json" with { type: "json" };
import images from "./vectors/images.json" with { type: "json" };

const folder = mkdtempSync(join(tmpdir(), "bitbudget-data-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string | Uint8Array): string {
  const full = join(folder, path);
  mkdirSync(join(full, ".."), { recursive: true });
  writeFileSync(full, content);
  return full;
}

const png = fromBase64(images.files[0]!.file);

test("a folder of images by class", async () => {
  for (const path of ["pets/cat/2.png", "pets/cat/1.png", "pets/dog/1.png"]) write(path, png);
  const data = await openData(join(folder, "pets"), {
    preprocessing: { input: "x", dtype: "uint8", layout: "nhwc" },
    batchSize: 2,
  });
  expect([data.count, data.classes, await labelsOf(data)]).toEqual([3, ["cat", "dog"], [0, 0, 1]]);
  expect((await feedsOf(data))[1]).toEqual([...noise(360)]);
  const hash = await data.hash();
  write("pets/dog/1.png", fromBase64(images.files.find(({ name }) => name === "gray.png")!.file));
  expect(
    await (
      await openData(join(folder, "pets"), {
        preprocessing: { input: "x", dtype: "uint8", layout: "nhwc" },
        batchSize: 2,
      })
    ).hash(),
  ).not.toBe(hash);
});

test("files, one or several", async () => {
  const path = write("a.npz", fromBase64(arrays.archives.savez));
  expect(await labelsOf(await openData(path))).toEqual([0, 1, 2, 0, 1, 2]);
  const lines = write("a.jsonl", "[1,2]\n[3]\n");
  expect(await feedsOf(await openData(lines, { text: { length: 2 } }), "input_ids")).toEqual([[1, 2, 3, 0]]);
  const files = [write("one/cat.bin", new Uint8Array(3073)), write("two/dog.bin", new Uint8Array(6146))];
  expect((await openData(files)).count).toBe(3);
});

test("a module that makes batches", async () => {
  const batch = (x: number) =>
    `{ feeds: { x: { dtype: "float32", shape: [1], data: Float32Array.of(${x}) } } }`;
  const maker = write(
    "made.mjs",
    `export default async function* () { yield ${batch(1)}; yield ${batch(2)}; }`,
  );
  const data = await openData(maker);
  for (let i = 0; i < 2; i++) expect(await feedsOf(data)).toEqual([[1], [2]]);
  expect(await feedsOf(await openData(maker, { batchSize: 2 }))).toEqual([[1, 2]]);
  const list = write("list.mjs", `export default [${batch(3)}, 7];`);
  await expect(collect(await openData(list))).rejects.toThrow("batch 1 of");
  await expect(openData(write("none.mjs", "export const x = 1;"))).rejects.toThrow(
    "its default export must be an iterable of batches",
  );
  await expect(openData(write("bad.mjs", "export default ("))).rejects.toThrow("bad.mjs: cannot be imported");
});

test("what is not there", async () => {
  await expect(openData(join(folder, "nowhere"))).rejects.toThrow(
    "nowhere: does not exist, or cannot be read",
  );
  mkdirSync(join(folder, "empty"));
  await expect(openData(join(folder, "empty"))).rejects.toThrow(
    /empty: holds nothing that can be read \(no files\)/,
  );
});
