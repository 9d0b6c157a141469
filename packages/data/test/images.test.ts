/** Images: decoded and resized as Pillow does (vectors/make_images.py), prepared as torchvision and Keras do. */
import { valuesOf } from "@bitbudget/core";
import { expect, test } from "vitest";
import { declaredDimensions } from "../src/images/dimensions.ts";
import {
  createPreprocessor,
  DataError,
  type Filter,
  type Image,
  preprocess,
  readImage,
  resize,
} from "../src/index.ts";
import { fromBase64, noise } from "./support/bytes.ts";
import vectors from "./vectors/images.json" with { type: "json" };

function image(width: number, height: number, channels: 1 | 3 = 3): Image {
  return { width, height, channels, data: noise(width * height * channels) };
}

test.each(vectors.resized)("resize of $from to $to, $filter", ({ from, to, filter, data }) => {
  const [width, height, channels] = from;
  const out = resize(image(width!, height!, channels === 1 ? 1 : 3), to[0]!, to[1]!, filter as Filter, true);
  expect([...out.data]).toEqual([...fromBase64(data)]);
});

test("without antialias, shrinking by 4 looks at the nearest pixels alone", () => {
  const row: Image = {
    width: 8,
    height: 1,
    channels: 1,
    data: Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 200),
  };
  // Centers are at 1.5 and 5.5: between 10 and 20, and between 50 and 60.
  expect([...resize(row, 2, 1, "bilinear", false).data]).toEqual([15, 55]);
  // Keys' kernel half-way: (-1, 9, 9, -1) / 16.
  expect([...resize(row, 2, 1, "bicubic", false).data]).toEqual([
    15,
    Math.round((-40 + 9 * 50 + 9 * 60 - 200) / 16),
  ]);
});

test("gray is Pillow's", () => {
  const gray = preprocess(image(16, 16), { color: "gray", dtype: "uint8" });
  expect(gray.shape).toEqual([1, 1, 16, 16]);
  expect([...valuesOf(gray)]).toEqual([...fromBase64(vectors.gray)]);
});

test.each(vectors.files)("$name is decoded", async ({ file, width, height, data, tolerance }) => {
  const decoded = await readImage(fromBase64(file));
  expect([decoded.width, decoded.height]).toEqual([width, height]);
  const expected = fromBase64(data);
  const pixel = (i: number) => decoded.data[decoded.channels === 1 ? Math.floor(i / 3) : i]!;
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - pixel(i))), 0);
  expect(worst).toBeLessThanOrEqual(tolerance);
});

test("resize, crop and normalize as torchvision's transforms do", () => {
  const spec = {
    resize: { size: 10 },
    crop: 8,
    scale: 1 / 255,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  };
  const out = preprocess(image(21, 14), spec);
  expect(out.shape).toEqual([1, 3, 8, 8]);
  const expected = new Float32Array(fromBase64(vectors.chain).buffer);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(out.data[i]))), 0);
  expect(worst).toBeLessThan(3e-7);
});

test("224 x 224 without resizing are the bytes of the image, in the order of the layout", () => {
  const source = image(224, 224);
  const nhwc = preprocess(source, { layout: "nhwc", dtype: "uint8", crop: 224, resize: { size: 224 } });
  expect(nhwc.data).toEqual(source.data);
  const nchw = preprocess(source, { dtype: "uint8" });
  const moved = source.data.every((value, i) => nchw.data[(i % 3) * 224 * 224 + Math.floor(i / 3)] === value);
  expect([nchw.shape, moved]).toEqual([[1, 3, 224, 224], true]);
});

const two: Image = { width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 51, 102, 255, 204, 153) };

test("presets, by hand", () => {
  // Keras' MobileNet: x / 127.5 - 1.
  expect(
    [...valuesOf(preprocess(two, { scale: 1 / 127.5, mean: 1 }))].map((x) => Number(x.toFixed(6))),
  ).toEqual([-1, 1, -0.6, 0.6, -0.2, 0.2]);
  // Ultra-Light-Fast face detection: (x - 127) / 128, and 0 to 255 as they are (MNIST of CNTK, ResNet-8 of MLPerf Tiny).
  expect([...preprocess(two, { mean: 127, std: 128 }).data]).toEqual(
    [-127, 128, -76, 77, -25, 26].map((x) => x / 128),
  );
  expect([...preprocess(two).data]).toEqual([0, 255, 51, 204, 102, 153]);
  // Mean and deviation are those of the channels that the model gets, in their order.
  expect([...preprocess(two, { color: "bgr", mean: [2, 1, 0] }).data]).toEqual([100, 151, 50, 203, 0, 255]);
  expect([...preprocess(two, { mean: 128, dtype: "int8" }).data]).toEqual([-128, 127, -77, 76, -26, 25]);
});

test("gray images serve models of three channels", () => {
  const gray: Image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 9) };
  expect([...preprocess(gray, { dtype: "uint8" }).data]).toEqual([7, 9, 7, 9, 7, 9]);
  expect([...preprocess(gray, { dtype: "uint8", layout: "nhwc" }).data]).toEqual([7, 7, 7, 9, 9, 9]);
});

test("the shorter side, rounded down; both sides; odd crops", () => {
  const shape = (w: number, h: number, spec: object) => createPreprocessor(spec)(image(w, h)).shape;
  expect(shape(7, 5, { resize: { size: 3 } })).toEqual([3, 3, 4]);
  expect(shape(5, 7, { resize: { size: 3 } })).toEqual([3, 4, 3]);
  expect(shape(5, 7, { resize: { size: 3, mode: "stretch" } })).toEqual([3, 3, 3]);
  expect(shape(5, 7, { resize: { size: [2, 9] }, layout: "nhwc" })).toEqual([2, 9, 3]);
  // Two of five: one and a half pixels are before it, which is two; of seven, two and a half, which is two (Python's round).
  const ramp = (width: number): Image => ({
    width,
    height: 1,
    channels: 1,
    data: Uint8Array.from({ length: width }, (_, i) => i),
  });
  expect([...preprocess(ramp(5), { color: "gray", crop: [1, 2], dtype: "uint8" }).data]).toEqual([2, 3]);
  expect([...preprocess(ramp(7), { color: "gray", crop: [1, 2], dtype: "uint8" }).data]).toEqual([2, 3]);
});

test.each(vectors.files)(
  "$name says how large it is, and is not decoded where that is too much",
  async ({ name, file, width, height }) => {
    const bytes = fromBase64(file);
    const [w, h] = name === "turned.jpg" ? [height, width] : [width, height];
    expect(declaredDimensions(bytes)).toEqual({ width: w, height: h });
    const reading = readImage(bytes, { name, limits: { pixels: width * height - 1 } });
    await expect(reading).rejects.toThrow(
      `${name}: declares ${w} x ${h} pixels, and the limit is ${width * height - 1}`,
    );
    for (let length = 0; length < Math.min(bytes.length, 300); length++)
      declaredDimensions(bytes.subarray(0, length));
  },
);

test.each(["ramp.jpg", "lossy.webp", "frames.gif", "rgb.png"])(
  "%s that is cut off is an error",
  async (name) => {
    const bytes = fromBase64(vectors.files.find((each) => each.name === name)!.file);
    await expect(readImage(bytes.slice(0, bytes.length >> 1), { name })).rejects.toThrow(
      `${name}: cannot be decoded`,
    );
  },
);

test("crops are as high above as they are wide at the left", () => {
  const column: Image = { width: 1, height: 5, channels: 1, data: Uint8Array.of(0, 1, 2, 3, 4) };
  expect([...preprocess(column, { color: "gray", crop: [2, 1], dtype: "uint8" }).data]).toEqual([2, 3]);
});

test("what cannot be done is said", async () => {
  expect(() => preprocess(image(5, 5), { crop: 6 })).toThrow(
    "5 x 5 pixels, from which 6 x 6 cannot be cut; resize it first",
  );
  expect(() => preprocess({ ...two, width: 3 })).toThrow(DataError);
  expect(() => preprocess(image(1, 16384), { resize: { size: 16384 } })).toThrow("cut it first");
  await expect(readImage(noise(100), { name: "a.png" })).rejects.toThrow(
    "a.png: cannot be decoded as an image",
  );
  await expect(readImage(fromBase64(vectors.files[0]!.file), { limits: { pixels: 100 } })).rejects.toThrow(
    DataError,
  );
});
