/** Ranges of a model's activations on random input, by native onnxruntime: fast, and independent of what is measured. */
import { clone, type ModelProto, ModelProtoSchema, makeValueInfo, writeModel } from "@bitbudget/onnx";
import * as ort from "onnxruntime-node";
import { codedActivations, type Range, type Recipe } from "../models/quantize.ts";
import { Random } from "../random.ts";
import { sessionOptions } from "../rivals/rivals.ts";

/** @param model its inputs are float32 and of known shape, as those of generated models are */
export async function calibrate(model: ModelProto, recipe: Recipe): Promise<Map<string, Range>> {
  const names = codedActivations(model, recipe);
  const copy = clone(ModelProtoSchema, model);
  const graph = copy.graph!;
  const known = new Set([...graph.output, ...graph.input].map(({ name }) => name));
  for (const name of names) if (!known.has(name)) graph.output.push(makeValueInfo(name, "float32"));
  const session = await ort.InferenceSession.create(writeModel(copy), sessionOptions("cpu", 2));
  const random = new Random(99);
  const feeds = Object.fromEntries(
    graph.input.map(({ name, type }) => {
      const dims = type?.value.case === "tensorType" ? (type.value.value.shape?.dim ?? []) : [];
      const shape = dims.map(({ value }) => (value.case === "dimValue" ? Number(value.value) : 1));
      const count = shape.reduce((product, dim) => product * dim, 1);
      return [name, new ort.Tensor("float32", random.normal(count), shape)];
    }),
  );
  const results = await session.run(feeds);
  await session.release();
  const ranges = new Map<string, Range>();
  for (const name of names) {
    const { data } = (feeds[name] ?? results[name])!;
    if (data instanceof Float32Array) ranges.set(name, rangeOf(data));
  }
  return ranges;
}

function rangeOf(data: Float32Array): Range {
  let [min, max] = [0, 0];
  for (const x of data) {
    if (x < min) min = x;
    if (x > max) max = x;
  }
  return [min, max];
}
