/** The JSON of preprocessing: what is allowed, and what is said about the rest. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkPreprocessing, DataError, preprocess, preprocessingSchema } from "../src/index.ts";

const squeezenet = {
  input: "data",
  resize: { size: 256, mode: "shorter", filter: "bilinear", antialias: true },
  crop: 224,
  color: "rgb",
  layout: "nchw",
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  dtype: "float32",
};

test.each([
  {},
  squeezenet,
  { crop: [2, 3] },
  { resize: { size: [2, 3], mode: "stretch" } },
  { color: "gray", mean: [1], std: 2 },
])("%j is allowed, as JSON", (spec) => {
  expect(checkPreprocessing(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
});

test.each([
  [null, "preprocessing: must be an object, not null"],
  [[], "preprocessing: must be an object, not []"],
  [{ resize: 224 }, "preprocessing.resize: must be an object with a size, not 224"],
  [
    { resize: {} },
    "preprocessing.resize.size: is missing; give a number of pixels from 1 to 16384, or [height, width]",
  ],
  [
    { resize: { size: 0 } },
    "preprocessing.resize.size: must be a number of pixels from 1 to 16384, or [height, width], not 0",
  ],
  [{ resize: { size: [1, 2, 3] } }, "preprocessing.resize.size: must be"],
  [{ resize: { size: 2 ** 20 } }, "preprocessing.resize.size: must be"],
  [
    { resize: { size: [2, 3], mode: "shorter" } },
    "preprocessing.resize.size: must be one number, of the shorter side",
  ],
  [
    { resize: { size: 8, filter: "lanczos" } },
    'preprocessing.resize.filter: must be one of "nearest", "bilinear", "bicubic", not "lanczos"',
  ],
  [{ crop: 1.5 }, "preprocessing.crop: must be a number of pixels"],
  [{ colour: "rgb" }, "preprocessing.colour: does not exist; there are input, color, resize"],
  [{ constructor: 1 }, "preprocessing.constructor: does not exist"],
  [{ layout: "NCHW" }, 'preprocessing.layout: must be one of "nchw", "nhwc", not "NCHW"'],
  [{ scale: "1/255" }, 'preprocessing.scale: must be a finite number, not "1/255"'],
  [{ scale: Number.NaN }, "preprocessing.scale: must be a finite number, not NaN"],
  [{ mean: [1, 2] }, "preprocessing.mean: must have one number for each of 3 channels, not 2"],
  [
    { color: "gray", mean: [1, 2, 3] },
    "preprocessing.mean: must have one number for each of 1 channels, not 3",
  ],
  [
    { std: [1, 0, 1] },
    "preprocessing.std: must be a positive number, or a list with one for each channel, not [1, 0, 1]",
  ],
  [{ input: "" }, 'preprocessing.input: must be the name of an input of the model, not ""'],
])("%j is not", (spec, message) => {
  expect(() => checkPreprocessing(spec)).toThrow(DataError);
  expect(() => checkPreprocessing(spec)).toThrow(message);
});

test("the schema is JSON and names every part", () => {
  expect(JSON.parse(JSON.stringify(preprocessingSchema))).toEqual(preprocessingSchema);
  expect(Object.keys(preprocessingSchema.properties ?? {}).sort()).toEqual(Object.keys(squeezenet).sort());
});

test("whatever is given, it is checked or works", () => {
  const image = { width: 3, height: 2, channels: 3, data: new Uint8Array(18) } as const;
  const part = fc.oneof(
    fc.integer({ min: -2, max: 5 }),
    fc.double(),
    fc.constantFrom("rgb", "gray", "nhwc", "uint8", "bicubic", "stretch", null, true),
  );
  const value = fc.oneof(
    part,
    fc.array(part, { maxLength: 3 }),
    fc.record({ size: part, filter: part, mode: part }, { requiredKeys: [] }),
  );
  const names = Object.keys(squeezenet);
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 }), (spec) => {
      try {
        expect(preprocess(image, spec as object).shape.length).toBe(4);
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    }),
  );
});
