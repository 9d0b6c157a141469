import { ArgumentError } from "@bitbudget/core";
import { describe, expect, test } from "vitest";
import { imageBytes, imageTensor, shapeClasses, shapeImages, splits } from "../../src/index.ts";
import { fnv1a } from "../support/hash.ts";

const image = (pixels: Uint8Array, i: number) => pixels.subarray(i * imageBytes, (i + 1) * imageBytes);

test("an image depends on split, seed and its number alone", () => {
  const many = shapeImages({ split: "train", start: 100, count: 30 });
  for (const i of [29, 3, 17]) {
    const one = shapeImages({ split: "train", start: 100 + i, count: 1 });
    expect(one.pixels).toEqual(image(many.pixels, i));
    expect(one.labels[0]).toBe(many.labels[i]);
  }
  const others = [
    ...splits.map((split) => shapeImages({ split, start: 100, count: 1 })),
    shapeImages({ split: "train", start: 100, count: 1, seed: 1 }),
  ].map(({ pixels }) => fnv1a(pixels));
  expect(new Set(others).size).toBe(4);
});

// Recorded: the committed models were trained and tested on these very images, in whatever engine.
test.each([
  { split: "train", seed: 0, sum: "61cd3511 e7799295" },
  { split: "validation", seed: 0, sum: "8dfb42ac caa6d315" },
  { split: "test", seed: 0, sum: "c522c095 88539f89" },
  { split: "test", seed: 1, sum: "2e572e72 fc84e3ef" },
] as const)(
  "the first 48 images of $split with seed $seed are those that were recorded",
  ({ split, seed, sum }) => {
    const { pixels, labels } = shapeImages({ split, seed, count: 48 });
    expect(`${fnv1a(pixels)} ${fnv1a(labels)}`).toBe(sum);
  },
);

test("no test image occurs in training or validation", () => {
  const { pixels } = shapeImages({ split: "test", count: 1000 });
  const known = new Set(Array.from({ length: 1000 }, (_, i) => fnv1a(image(pixels, i))));
  expect(known.size).toBe(1000);
  for (const [split, count] of [
    ["train", 5000],
    ["validation", 1000],
  ] as const) {
    const other = shapeImages({ split, count });
    for (let i = 0; i < count; i++) expect(known.has(fnv1a(image(other.pixels, i)))).toBe(false);
  }
});

test("each round of twelve shows each class once, in an order of its own", () => {
  const { labels } = shapeImages({ split: "validation", start: 24, count: 240 });
  const rounds = Array.from({ length: 20 }, (_, i) => labels.slice(i * 12, i * 12 + 12));
  for (const round of rounds) expect([...round].sort((a, b) => a - b)).toEqual(shapeClasses.map((_, i) => i));
  expect(new Set(rounds.map(String)).size).toBeGreaterThan(15);
});

test("neither colour nor brightness tells the class", () => {
  const count = 3000;
  const { pixels, labels } = shapeImages({ split: "train", count });
  // Mean of each channel by class; differences of classes against the spread within them.
  for (let channel = 0; channel < 3; channel++) {
    const means = Array.from({ length: count }, (_, i) => {
      let sum = 0;
      for (let k = channel; k < imageBytes; k += 3) sum += pixels[i * imageBytes + k]!;
      return sum / (imageBytes / 3);
    });
    const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    const all = mean(means);
    const deviation = Math.sqrt(mean(means.map((x) => (x - all) ** 2)));
    shapeClasses.forEach((_, label) => {
      const own = means.filter((_, i) => labels[i] === label);
      expect(Math.abs(mean(own) - all)).toBeLessThan((4.5 * deviation) / Math.sqrt(own.length));
    });
  }
});

test("images are neither flat nor saturated", () => {
  const { pixels } = shapeImages({ split: "train", count: 300 });
  const histogram = new Array(256).fill(0);
  for (const code of pixels) histogram[code]++;
  expect((histogram[0] + histogram[255]) / pixels.length).toBeLessThan(0.05);
  expect(histogram.filter((count) => count > 0).length).toBe(256);
  for (let i = 0; i < 300; i++) {
    const codes = Array.from(image(pixels, i));
    const mean = codes.reduce((a, b) => a + b, 0) / codes.length;
    expect(codes.reduce((a, b) => a + (b - mean) ** 2, 0) / codes.length).toBeGreaterThan(4);
  }
});

describe("imageTensor", () => {
  test("puts channels first and divides by 255", () => {
    const pixels = new Uint8Array(2 * imageBytes);
    pixels[imageBytes + 3 * 33 + 1] = 51;
    const { dtype, shape, data } = imageTensor(pixels);
    expect([dtype, shape]).toEqual(["float32", [2, 3, 32, 32]]);
    expect(data[imageBytes + 1024 + 33]).toBe(Math.fround(0.2));
    expect(data.reduce((a, b) => a + b, 0)).toBe(Math.fround(0.2));
  });

  test("says what is wrong", () => {
    expect(() => imageTensor(new Uint8Array(100))).toThrow(ArgumentError);
    expect(() => shapeImages({ split: "train", count: -1 })).toThrow(ArgumentError);
    expect(() => shapeImages({ split: "train", start: 0.5, count: 1 })).toThrow(ArgumentError);
    // As a caller without types would.
    const split = JSON.parse('"dev"');
    expect(() => shapeImages({ split, count: 1 })).toThrow('there is no split "dev"');
  });
});
