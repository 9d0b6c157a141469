/** The files that the project writes, read by libvips; and those of libvips, read by the project. */
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
