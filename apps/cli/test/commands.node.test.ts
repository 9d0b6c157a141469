/** What the commands do with the bundled model and a folder of photographs; results are checked with onnxruntime-web. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { Graph, parseModel } from "@bitbudget/onnx";
import { preprocessingOf } from "@bitbudget/quantize";
import { imageTensor, shapeImages } from "@bitbudget/zoo";
import * as ort from "onnxruntime-web";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Workplace } from "./command.ts";

ort.env.wasm.numThreads = 1;
const IMAGES = 60;
let place: Workplace;
beforeAll(async () => {
  place = await Workplace.make(IMAGES);
});
afterAll(() => place[Symbol.dispose]());

const data = ["--data", "photos", "--preprocessing", "preprocessing.json"];

test("inspect counts what is in the file", async () => {
  const { code, stdout, stderr } = await place.run(["inspect", "model.onnx", "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  const info = JSON.parse(stdout);
  const graph = Graph.of(parseModel(readFileSync(place.path("model.onnx"))));
  expect(info.inputs).toEqual([{ name: "image", dtype: "float32", shape: ["batch", 3, 32, 32] }]);
  expect(info.outputs).toEqual([{ name: "logits", dtype: "float32", shape: ["batch", 12] }]);
  expect(info.bytes).toBe(statSync(place.path("model.onnx")).size);
  expect(info.operators.Conv).toBe(graph.nodes.filter(({ opType }) => opType === "Conv").length);
  expect(info.layers.length).toBe(info.operators.Conv + info.operators.Gemm);
  expect(info.layers.at(-1)).toMatchObject({ op: "Gemm", parameters: 12 * 128, bytes: 4 * 12 * 128 });
  expect(
    info.layers.every(({ schemes }: { schemes: object }) => Object.values(schemes).every((n) => n > 0)),
  ).toBe(true);

  const text = await place.run(["inspect", "model.onnx"]);
  expect(text.stdout).toContain("image: float32 [batch, 3, 32, 32]");
  expect(text.stdout).not.toContain("\u001b");
});

test("quantize writes a verified file, whose predictions are those of the float model in onnxruntime-web", async () => {
  const args = ["quantize", "model.onnx", "--preset", "int8-static", ...data, "--out", "small.onnx"];
  const { code, stdout, stderr } = await place.run([
    ...args,
    "--verify",
    "js,ort-web",
    "--json",
    "--samples",
    "32",
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  const result = JSON.parse(stdout);
  expect(result.bytes).toEqual({
    before: statSync(place.path("model.onnx")).size,
    after: statSync(place.path("small.onnx")).size,
  });
  expect(result.verification.map(({ name }: { name: string }) => name)).toEqual([
    "bitbudget",
    "js",
    "ort-web",
  ]);
  expect(result.attempts.length).toBeGreaterThan(1);
  expect(readdirSync(place.folder).filter((name) => name.endsWith(".part"))).toEqual([]);

  const [float, small] = [await predictions("model.onnx"), await predictions("small.onnx")];
  expect(small.filter((each, i) => each === float[i]).length).toBeGreaterThanOrEqual(IMAGES - 1);
  const inspected = JSON.parse((await place.run(["inspect", "small.onnx", "--json"])).stdout);
  expect(inspected.quantization.target).toBe("wasm");
  expect(preprocessingOf(parseModel(readFileSync(place.path("small.onnx"))))).toMatchObject({
    input: "image",
  });

  const { labels } = shapeImages({ split: "test", count: IMAGES });
  const right = small.filter((each, i) => each === labels[i]).length;
  const evaluated = await place.run([
    "eval",
    "small.onnx",
    ...data,
    "--classes",
    "classes.txt",
    "--against",
    "model.onnx",
    "--json",
  ]);
  expect([evaluated.code, evaluated.stderr]).toEqual([0, ""]);
  const figures = JSON.parse(evaluated.stdout);
  expect(figures).toMatchObject({ metric: "accuracy", samples: IMAGES });
  // One prediction may change with the rounding of one code.
  expect(Math.abs(figures.estimate - right / IMAGES)).toBeLessThanOrEqual(1.01 / IMAGES);
  expect(figures.low).toBeLessThan(figures.estimate);
  expect(figures.difference.estimate).toBeCloseTo(figures.estimate - figures.against.estimate, 12);
  expect(figures.agreement.estimate).toBeGreaterThanOrEqual(1 - 1.01 / IMAGES);
});

test("eval says what a float model scores, to the image", async () => {
  const { labels } = shapeImages({ split: "test", count: IMAGES });
  const float = await predictions("model.onnx");
  const right = float.filter((each, i) => each === labels[i]).length;
  const args = ["eval", "model.onnx", ...data, "--classes", "classes.txt"];
  const { stdout } = await place.run([...args, "--json"]);
  expect(JSON.parse(stdout).estimate).toBe(right / IMAGES);
  const js = await place.run([...args, "--backend", "js", "--samples", "12", "--json"]);
  expect(JSON.parse(js.stdout).samples).toBe(12);
  const top5 = JSON.parse((await place.run([...args, "--metric", "top5", "--json"])).stdout);
  expect(top5.estimate).toBeGreaterThanOrEqual(right / IMAGES);
});

test("divergence needs no labels, and is 0 against the same model", async () => {
  const args = ["eval", "model.onnx", ...data, "--metric", "divergence", "--against", "model.onnx", "--json"];
  const { estimate, low, agreement } = JSON.parse((await place.run(args)).stdout);
  expect([estimate, low, agreement.estimate]).toEqual([0, 0, 1]);
});

test("without data a preset for weights alone is written, and said not to be compared", async () => {
  const { code, stdout } = await place.run(["quantize", "model.onnx", "--preset", "w8"]);
  expect(code).toBe(0);
  expect(stdout).toContain("Not compared with the float model");
  expect(existsSync(place.path("model.w8.onnx"))).toBe(true);
});

test("a configuration file says what flags say; flags come before it", async () => {
  place.write(
    "bitbudget.json",
    JSON.stringify({
      preprocessing: "preprocessing.json",
      data: "photos",
      eval: { model: "model.onnx", classes: "classes.txt", samples: 24 },
    }),
  );
  const away = { cwd: place.path("photos") };
  const run = async (...more: string[]) =>
    JSON.parse((await place.run(["eval", "--config", "../bitbudget.json", "--json", ...more], away)).stdout);
  expect((await run()).samples).toBe(24);
  expect((await run("--samples", "12")).samples).toBe(12);
});

async function predictions(name: string): Promise<number[]> {
  const { pixels } = shapeImages({ split: "test", count: IMAGES });
  const session = await ort.InferenceSession.create(readFileSync(place.path(name)), {
    executionProviders: ["wasm"],
  });
  const { shape, data: values } = imageTensor(pixels);
  const { logits } = await session.run({ image: new ort.Tensor("float32", values, shape) });
  const rows = Array.from(logits!.data as Float32Array);
  await session.release();
  return Array.from({ length: IMAGES }, (_, i) => {
    const row = rows.slice(i * 12, (i + 1) * 12);
    return row.indexOf(Math.max(...row));
  });
}
