import { open as openJs } from "@bitbudget/backend-js";
import { type HostTensor, tensor, valuesOf } from "@bitbudget/core";
import { checkModel, Graph, type ModelProto, writeModel } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import {
  buildLanguageTransformer,
  buildShapesCnn,
  contextLength,
  imageTensor,
  shapeClasses,
  shapeImages,
  textSamples,
  textTensors,
  vocabulary,
} from "../../src/index.ts";

async function run(model: ModelProto, feeds: Record<string, HostTensor>): Promise<HostTensor> {
  await using backend = await openJs();
  await using session = await createSession(model, { backend, onUnsupported: "error" });
  return (await session.run(feeds)).logits as HostTensor;
}

const metadata = (model: ModelProto) =>
  Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
const count = (model: ModelProto, opType: string) =>
  model.graph?.node.filter((node) => node.opType === opType).length;

describe.each([
  ["the CNN", buildShapesCnn],
  ["the transformer", buildLanguageTransformer],
] as const)("%s", (_, build) => {
  test("is a valid model of opset 21 of 200 to 500 kB", () => {
    const model = build();
    checkModel(model);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([["", 21n]]);
    const { length } = writeModel(model);
    expect(length).toBeGreaterThan(200_000);
    expect(length).toBeLessThan(500_000);
  });

  test("depends on its seed alone", () => {
    expect(writeModel(build(3))).toEqual(writeModel(build(3)));
    expect(writeModel(build(3))).not.toEqual(writeModel(build(4)));
  });

  test("has nodes with names", () => {
    const names = Graph.of(build()).nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).not.toContain("");
  });
});

describe("the CNN", () => {
  test("gives logits of order one, image by image", async () => {
    const image = imageTensor(shapeImages({ split: "validation", count: 3 }).pixels);
    const logits = await run(buildShapesCnn(), { image });
    expect(logits.shape).toEqual([3, shapeClasses.length]);
    const values = Array.from(valuesOf(logits));
    const size = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
    expect(size).toBeGreaterThan(0.1);
    expect(size).toBeLessThan(10);
    const second = tensor("float32", [1, 3, 32, 32], (image.data as Float32Array).slice(3072, 6144));
    const alone = await run(buildShapesCnn(), { image: second });
    expect(Array.from(valuesOf(alone))).toEqual(values.slice(shapeClasses.length, 2 * shapeClasses.length));
  });

  test("has depthwise blocks, and costs 3 to 6 million products an image", () => {
    const { nodes, initializers } = Graph.of(buildShapesCnn());
    let size = 32;
    let products = 0;
    let depthwise = 0;
    for (const { opType, input, attribute } of nodes) {
      if (opType !== "Conv") continue;
      const attributes = new Map(attribute.map(({ name, i, ints }) => [name, ints.length > 0 ? ints[0] : i]));
      if (attributes.get("strides") === 2n) size /= 2;
      const shape = initializers.get(input[1] as string)?.dims as bigint[];
      products += Number(shape.reduce((a, b) => a * b, 1n)) * size * size;
      if (attributes.get("group") !== 1n) depthwise++;
    }
    expect(depthwise).toBe(7);
    expect(products).toBeGreaterThan(3e6);
    expect(products).toBeLessThan(6e6);
    expect(count(buildShapesCnn(), "Add")).toBe(4);
  });

  test("says what it takes and gives", () => {
    expect(metadata(buildShapesCnn())).toEqual({
      "image.layout": "NCHW, red, green, blue",
      "image.preprocessing": "codes of 0 to 255 divided by 255",
      "logits.classes": shapeClasses.join(","),
    });
  });
});

describe("the transformer", () => {
  test("looks at no later token", async () => {
    const { tokens } = textTensors(textSamples({ split: "validation", count: 2 }));
    const logits = await run(buildLanguageTransformer(), { tokens });
    expect(logits.shape).toEqual([2, contextLength, vocabulary.length]);
    const changed = BigInt64Array.from(tokens.data);
    const place = 40;
    changed[place] = ((changed[place] as bigint) + 1n) % BigInt(vocabulary.length);
    const after = await run(buildLanguageTransformer(), { tokens: tensor("int64", tokens.shape, changed) });
    const row = ({ data }: HostTensor, t: number) =>
      Array.from((data as Float32Array).subarray(t * vocabulary.length, (t + 1) * vocabulary.length));
    for (let t = 0; t < place; t++) expect(row(after, t)).toEqual(row(logits, t));
    for (let t = place; t < contextLength; t += 8) expect(row(after, t)).not.toEqual(row(logits, t));
    for (let t = contextLength; t < 2 * contextLength; t += 9) expect(row(after, t)).toEqual(row(logits, t));
  });

  test("is of plain products of matrices", () => {
    // Four projections, two products of attention and two of the feed-forward part in each layer, and the logits.
    expect(count(buildLanguageTransformer(), "MatMul")).toBe(2 * 8 + 1);
    expect(metadata(buildLanguageTransformer())["tokens.vocabulary"]).toBe(vocabulary);
  });
});
