import { open } from "@bitbudget/backend-wasm";
import { tensor, valuesOf } from "@bitbudget/core";
import {
  blobSource,
  externalize,
  Graph,
  ModelFile,
  type ModelProto,
  parseModel,
  tensorBytes,
  writeModel,
} from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { type Batch, compare } from "@bitbudget/train";
import {
  imageTensor,
  loadLanguageTransformer,
  loadShapesCnn,
  shapeImages,
  textSamples,
  textTensors,
} from "@bitbudget/zoo";
import { afterAll, describe, expect, test } from "vitest";
import {
  floatModel,
  layersOf,
  PREPROCESSING_KEY,
  type Preset,
  preprocessingOf,
  presetAssignment,
  presets,
  QuantizeError,
  quantize,
  quantizeModel,
  type Runner,
  sessionRunner,
  TargetError,
  VerificationError,
  withMetadata,
} from "../src/index.ts";

const backend = await open({ threads: 1 });
afterAll(() => backend[Symbol.asyncDispose]());

const images = (split: "train" | "test", count: number): Batch[] => [
  { feeds: { image: imageTensor(shapeImages({ split, count }).pixels) }, targets: {} },
];
const cnn = await loadShapesCnn();
const calibration = images("train", 24);

/** Part of the predictions on images that calibration did not see that are those of the float model. */
async function agreement(model: ModelProto): Promise<number> {
  await using float = await createSession(cnn, { backend });
  await using other = await createSession(model, { backend });
  const { agreeing, predictions } = await compare(
    float,
    other,
    images("test", 100).map(({ feeds }) => feeds),
  );
  return agreeing / predictions;
}

describe("quantizeModel", () => {
  test("int8-static computes on codes from the first layer to the last, in a third of the bytes", async () => {
    const { model, attempts, verification } = await quantizeModel(cnn, {
      ...{ preset: "int8-static", backend, batches: calibration },
    });
    expect(attempts.length).toBe(10);
    expect(verification?.runners[0]?.sameAsReference?.of).toBe(24);
    expect(writeModel(model).length).toBeLessThan(writeModel(cnn).length / 2.5);
    await using session = await createSession(model, { backend });
    await session.run(calibration[0]!.feeds);
    const layers = session.plan!.rows.filter(({ opType }) => /Conv|Gemm|MatMul/.test(opType));
    expect(layers).toHaveLength(23);
    expect(layers.filter(({ how }) => how !== "native")).toEqual([]);
    expect(await agreement(model)).toBeGreaterThanOrEqual(0.95);
  });

  test("keeps the range that is closest to the float model, and a repair that is clearly closer", async () => {
    const { attempts, repair, range } = await quantizeModel(cnn, {
      ...{ preset: "int8-static", backend, batches: calibration },
    });
    const bestOf = (part: typeof attempts) => part.reduce((a, b) => (b.error < a.error ? b : a));
    const [plain, repaired] = [bestOf(attempts.slice(0, 5)), bestOf(attempts.slice(5))];
    expect(plain.repair).toEqual({});
    expect(repaired.repair).toEqual({ rounding: "gptq" });
    const kept = repaired.error < 0.8 * plain.error ? repaired : plain;
    expect({ repair, range }).toEqual({ repair: kept.repair, range: kept.range });
  });

  /** How often the quantized model must agree, with repair and without. */
  const least: Readonly<Record<Exclude<Preset, "int8-static">, number>> = {
    "int8-dynamic": 0.97,
    w8: 0.97,
    w4: 0.9,
    w3: 0.75,
    w2: 0.1,
    nf4: 0.85,
    "w2-nf4": 0.1,
    float16: 0.98,
    bfloat16: 0.97,
  };

  test.each(Object.entries(least))("%s needs no data", async (preset, agreeing) => {
    const { model, verification } = await quantizeModel(cnn, { preset: preset as Preset });
    expect(verification).toBeUndefined();
    expect(writeModel(model).length).toBeLessThan(writeModel(cnn).length * 0.6);
    expect(await agreement(model)).toBeGreaterThanOrEqual(agreeing);
  });

  test("data repair what 3 bits break", async () => {
    const plain = await quantizeModel(cnn, { preset: "w3" });
    const repaired = await quantizeModel(cnn, {
      ...{ preset: "w3", backend, batches: images("train", 100), repair: { rounding: "gptq" } },
    });
    const [before, after] = [await agreement(plain.model), await agreement(repaired.model)];
    expect(after).toBeGreaterThan(before);
    expect(after).toBeGreaterThanOrEqual(0.93);
  });

  test("a transformer in 4-bit blocks", async () => {
    const { model } = await quantizeModel(await loadLanguageTransformer(), { preset: "w4" });
    const types = Graph.of(model).nodes.map(({ opType }) => opType);
    expect(
      types.filter((type) => type === "MatMulNBits" || type === "DequantizeLinear").length,
    ).toBeGreaterThan(10);
    await using session = await createSession(model, { backend });
    const { tokens } = textTensors(textSamples({ split: "test", count: 2 }));
    const { logits } = await session.run({ tokens });
    expect(Array.from(valuesOf(logits!)).every(Number.isFinite)).toBe(true);
  });

  test("a runner that computes something else is named, with the node", async () => {
    const wrong = async (model: ModelProto): Promise<Runner> => {
      const right = await sessionRunner(model, { backend });
      const broken = Graph.of(model).nodes.find(({ opType }) => opType === "Conv")!.output[0]!;
      return {
        ...right,
        name: "wrong",
        async run(feeds, capture) {
          const results = await right.run(feeds, capture);
          for (const [name, value] of Object.entries(results))
            if (name === broken || name === "logits")
              results[name] = tensor(
                "float32",
                value.shape,
                Float32Array.from(valuesOf(value) as Float32Array, (x) => 2 * x + 1),
              );
          return results;
        },
      };
    };
    await expect(
      quantizeModel(cnn, { preset: "w8", backend, batches: calibration, repair: {}, runners: { wrong } }),
    ).rejects.toThrow(VerificationError);
  });

  test("how inputs are made travels with the file", async () => {
    const preprocessing = { resize: { shorter: 32 }, layout: "nchw", scale: 1 / 255 };
    const { model } = await quantizeModel(cnn, { preset: "float16", preprocessing });
    const read = parseModel(writeModel(model));
    expect(preprocessingOf(read)).toEqual(preprocessing);
    expect(preprocessingOf(cnn)).toBeUndefined();
    expect(() => preprocessingOf(withMetadata(model, PREPROCESSING_KEY, "{"))).toThrow(QuantizeError);
    // What the float model said about itself stays.
    expect(read.metadataProps.length).toBeGreaterThan(cnn.metadataProps.length);
  });

  test("what is missing has a name", async () => {
    const preset: string = "int7";
    await expect(quantizeModel(cnn, { preset: preset as Preset })).rejects.toThrow(
      /"int7" is no preset.*int8-static/,
    );
    await expect(quantizeModel(cnn, { preset: "int8-static" })).rejects.toThrow(/give `batches`/);
    await expect(
      quantizeModel(cnn, { preset: "w4", runners: { any: (model) => sessionRunner(model, { backend }) } }),
    ).rejects.toThrow(QuantizeError);
    await expect(quantizeModel(cnn, { preset: "int8-static", backend, batches: [] })).rejects.toThrow(
      QuantizeError,
    );
  });

  test("a target that runs nothing of a preset says why", async () => {
    const layers = layersOf(Graph.of(await floatModel(cnn)));
    expect(() => presetAssignment([], "w4", "wasm")).toThrow(TargetError);
    for (const preset of Object.keys(presets) as Preset[])
      expect(Object.keys(presetAssignment(layers, preset, "ort-wasm")).length).toBeGreaterThan(0);
  });
});

test("external data stay where they are: weights are read one by one", async () => {
  const { model, placements } = externalize(await floatModel(cnn), {
    location: "weights.bin",
    threshold: 64,
  });
  const bytes = new Uint8Array(Math.max(...placements.map(({ offset, length }) => offset + length)));
  for (const { tensor, offset } of placements) bytes.set(tensorBytes(tensor), offset);
  const files = blobSource({ "weights.bin": new Blob([bytes]) });
  const reads: number[] = [];
  const file = new ModelFile(model, {
    read(location, offset, length) {
      reads.push(length);
      return files.read(location, offset, length);
    },
  });
  const layers = layersOf(Graph.of(model));
  const made = await quantize(file, { assignment: presetAssignment(layers, "w4", "wasm") });
  expect(reads.length).toBeGreaterThanOrEqual(layers.length);
  // The file still refers to its data.
  expect(
    Graph.of(file.model).initializers.get(layers[0]!.weights[0]!.name)!.externalData.length,
  ).toBeGreaterThan(0);
  const whole = await quantize(await floatModel(cnn), { assignment: presetAssignment(layers, "w4", "wasm") });
  for (const { name } of layers.flatMap(({ weights }) => weights)) {
    const codes = [made, whole].map((each) =>
      [...Graph.of(each).initializers].filter((proto) => proto.name.startsWith(name)).map(tensorBytes),
    );
    expect(codes[0]).toEqual(codes[1]);
  }
});
