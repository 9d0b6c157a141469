import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PngError, readPng, readSheet, shapeImages, writePng, writeSheet } from "../src/index.ts";

const picture = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((pixels) => ({ width, height, pixels, texts: { Labels: "1 2" } })),
  );

describe("PNG", () => {
  test("what is written is read again", async () => {
    await fc.assert(
      fc.asyncProperty(picture, async (given) => {
        expect(await readPng(await writePng(given))).toEqual(given);
      }),
      { numRuns: 40 },
    );
  });

  test("each changed byte is noticed", async () => {
    const { pixels } = shapeImages({ split: "test", count: 1 });
    const file = await writePng({ width: 32, height: 32, pixels, texts: {} });
    for (let at = 0; at < file.length; at += 97) {
      const damaged = file.slice();
      damaged[at]! ^= 1;
      await expect(readPng(damaged)).rejects.toThrow(PngError);
    }
    for (const length of [0, 7, 20, 33, 40, file.length - 1])
      await expect(readPng(file.subarray(0, length))).rejects.toThrow(PngError);
  });

  test("pictures that are too large are refused before memory is taken", async () => {
    const file = await writePng({ width: 1, height: 1, pixels: new Uint8Array(3), texts: {} });
    const { crc32 } = await import("./support/crc.ts");
    const view = new DataView(file.buffer);
    view.setUint32(16, 2 ** 31);
    view.setUint32(20, 2 ** 31);
    view.setUint32(29, crc32(file.subarray(12, 29)));
    await expect(readPng(file)).rejects.toThrow("too many");
  });
});

describe("sheets", () => {
  test("keep images and labels", async () => {
    const set = shapeImages({ split: "validation", count: 80 });
    expect(await readSheet(await writeSheet(set))).toEqual(set);
  });

  test("have full rows and labels", async () => {
    expect(() => writeSheet(shapeImages({ split: "test", count: 12 }))).toThrow("rows of 40");
    const plain = await writePng({ width: 1280, height: 32, pixels: new Uint8Array(1280 * 96), texts: {} });
    await expect(readSheet(plain)).rejects.toThrow("no sheet");
  });
});
