/** Real models, float and quantized, survive reading and writing byte for byte. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import {
  allTensors,
  anyTensorValue,
  equals,
  ModelProtoSchema,
  parseModel,
  writeModel,
} from "../src/index.ts";
import { haveShared, sharedModels } from "./support/shared.ts";

const models = haveShared("real models") ? sharedModels() : [];

describe.runIf(models.length > 0)("real models", () => {
  test.each(models)("%s", (path) => {
    const file = readFileSync(path);
    const model = parseModel(file);
    const written = writeModel(model);
    expect(Buffer.compare(written, file), basename(path)).toBe(0);
    expect(equals(ModelProtoSchema, parseModel(written), model)).toBe(true);
    let tensors = 0;
    for (const tensor of allTensors(model)) {
      const { shape, data } = anyTensorValue(tensor);
      const elements = shape.reduce((product, dim) => product * dim, 1);
      expect(data.length).toBe(elements);
      tensors++;
    }
    expect(tensors).toBeGreaterThan(0);
  });
});
