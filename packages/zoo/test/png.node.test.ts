/** The files that the project writes, read by libvips; and those of libvips, read by the project. */
import { inflateSync } from "node:zlib";
import sharp from "sharp";
import { expect, test } from "vitest";
import { imageSize, readPng, shapeImages, writePng, writeSheet } from "../src/index.ts";

test("libvips sees the same pixels", async () => {
  const set = shapeImages({ split: "test", count: 40 });
  const { data, info } = await sharp(await writeSheet(set))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([40 * imageSize, imageSize, 3]);
  // The first image's lines begin the sheet's lines.
  for (let y = 0; y < imageSize; y++)
    expect(new Uint8Array(data.subarray(y * 3840, y * 3840 + 96))).toEqual(
      set.pixels.slice(y * 96, y * 96 + 96),
    );
});

test("files of libvips, whatever filter it chose, are read", async () => {
  const { pixels } = shapeImages({ split: "test", count: 6 });
  const raw = { width: 32, height: 192, channels: 3 } as const;
  for (const adaptiveFiltering of [false, true]) {
    const file = await sharp(pixels, { raw }).png({ adaptiveFiltering }).toBuffer();
    expect((await readPng(new Uint8Array(file))).pixels).toEqual(pixels);
  }
  const grey = await sharp(pixels, { raw }).toColourspace("b-w").png().toBuffer();
  await expect(readPng(new Uint8Array(grey))).rejects.toThrow("of another kind");
  expect((await writePng({ ...raw, pixels, texts: {} })).length).toBeLessThan(pixels.length);
});

test("libvips undoes each filter as it was meant", async () => {
  // Flat areas with slanted edges, rows that repeat, ramps and noise: each filter is the best one somewhere.
  const [width, height] = [48, 96];
  const noise = shapeImages({ split: "train", count: 2 }).pixels;
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    if (y < 24) return (noise[i] as number) * 7;
    if (y < 48) return (x * 5 + (i % 3)) & 255;
    if (y < 60) return ((x * 97) ^ (x * 31)) & 255;
    if (y < 72) return (x * y) >> 3;
    return (x + 2 * y) % 17 < 8 ? 40 + (x >> 2) : 200 - y;
  });
  const file = await writePng({ width, height, pixels, texts: {} });
  const rows = inflateSync(file.subarray(file.length - 12 - 4 - packedLength(file), file.length - 16));
  const filters = Array.from({ length: height }, (_, y) => rows[y * (width * 3 + 1)]);
  expect([...new Set(filters)].sort()).toEqual([0, 1, 2, 3, 4]);
  expect(new Uint8Array(await sharp(file).raw().toBuffer())).toEqual(pixels);
});

/** Bytes of the only IDAT chunk, which begins behind signature and header. */
function packedLength(file: Uint8Array): number {
  return new DataView(file.buffer).getUint32(33);
}
