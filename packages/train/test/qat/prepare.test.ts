/** What `prepareQat` makes of a model, and what it refuses. */
import { open } from "@bitbudget/backend-js";
import { tensor, valuesOf } from "@bitbudget/core";
import {
  checkModel,
  Graph,
  type ModelProto,
  makeNode,
  makeValueInfo,
  tensorValue,
  toTensorProto,
} from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import {
  createTrainer,
  defaultParameters,
  type Layer,
  type LayerScheme,
  meanSquaredError,
  type PrepareOptions,
  prepareQat,
  sgd,
  stepGroups,
  TrainingError,
} from "../../src/index.ts";
import { images, network } from "./network.ts";

const w4a4 = (): LayerScheme => ({ weight: { dtype: "int4" }, activation: { dtype: "uint4" } });

async function prepare(options: Partial<PrepareOptions> = {}, model = network()): Promise<ModelProto> {
  await using backend = await open();
  return await prepareQat(model, { backend, calibration: images(2, 4), layers: w4a4, ...options });
}

/** Types of the nodes on the way from a value to the operand of a layer. */
function wayTo(model: ModelProto, layer: string, slot: number): string[] {
  const graph = Graph.of(model);
  const way: string[] = [];
  let node = graph.producer(graph.find(layer)!.input[slot]!);
  while (node !== undefined && ["QuantizeLinear", "Clip", "DequantizeLinear"].includes(node.opType)) {
    way.unshift(node.opType);
    node = graph.producer(node.input[0]!);
  }
  return way;
}

function initializer(model: ModelProto, name: string): Float32Array {
  return Float32Array.from(valuesOf(tensorValue(Graph.of(model).initializers.get(name)!)));
}

const narrow = ["QuantizeLinear", "Clip", "DequantizeLinear"];
const bytes = ["QuantizeLinear", "DequantizeLinear"];

describe("quantizers", () => {
  test("are standard nodes; the first and the last layer have 8 bits unless said otherwise", async () => {
    const model = await prepare();
    checkModel(model);
    for (const slot of [0, 1]) {
      expect(wayTo(model, "stem.out", slot)).toEqual(bytes);
      expect(wayTo(model, "point.out", slot)).toEqual(narrow);
      expect(wayTo(model, "logits", slot)).toEqual(bytes);
    }
    const same = await prepare({ edges: "as others" });
    for (const layer of ["stem.out", "logits"]) expect(wayTo(same, layer, 1)).toEqual(narrow);
  });

  test("stay away from layers that nothing is said of", async () => {
    const model = await prepare({ layers: ({ name }: Layer) => (name === "point.out" ? w4a4() : undefined) });
    expect(wayTo(model, "point.out", 1)).toEqual(narrow);
    for (const layer of ["stem.out", "deep.out", "logits"])
      for (const slot of [0, 1]) expect(wayTo(model, layer, slot)).toEqual([]);
  });

  test("leave residual sums the number before them, or the one after", async () => {
    const operands = (model: ModelProto) => Graph.of(model).find("sum")!.input;
    expect(operands(await prepare())).toContain("stem.relu");
    expect(operands(await prepare({ others: "quantized" }))).toContain("stem.relu_quantized");
  });

  test("take the place of an upper bound", async () => {
    expect(Graph.of(await prepare()).find("deep.relu")!.opType).toBe("Relu");
    const weights = await prepare({ layers: () => ({ weight: { dtype: "int4" } }) });
    expect(Graph.of(weights).find("deep.relu")!.opType).toBe("Clip");
  });
});

describe("steps", () => {
  test("of weights start at 2 mean|w| / sqrt(largest code) with LSQ's rule, for each channel", async () => {
    const model = await prepare({ start: "lsq" });
    const weight = initializer(model, "point.weight");
    const steps = initializer(model, "point.weight_scale");
    expect(steps).toHaveLength(8);
    const channel = weight.subarray(3 * 8, 4 * 8);
    const mean = channel.reduce((sum, w) => sum + Math.abs(w), 0) / 8;
    expect(steps[3]).toBeCloseTo((2 * mean) / Math.sqrt(7), 6);
  });

  test("cover everything with min-max", async () => {
    const model = await prepare({ method: "fixed" });
    const weight = initializer(model, "point.weight").subarray(0, 8);
    const largest = weight.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(initializer(model, "point.weight_scale")[0]).toBeCloseTo(largest / 7, 6);
    const pixels = images(2, 4).flatMap(({ image }) => Array.from(valuesOf(image!)));
    const [min, max] = [Math.min(...pixels), Math.max(...pixels)];
    expect(initializer(model, "image_scale")[0]).toBeCloseTo((max - min) / 255, 6);
    expect(initializer(model, "image_zero_point")[0]).toBe(Math.round((-min / (max - min)) * 255));
  });

  test("have a smaller squared error with MSE than with either", async () => {
    const error = async (start: PrepareOptions["start"]) => {
      const model = await prepare({ start: start! });
      const weight = initializer(model, "last.weight");
      const steps = initializer(model, "last.weight_scale");
      return weight.reduce((sum, w, i) => {
        const step = steps[Math.floor(i / 72)]!;
        return sum + (w - Math.min(7, Math.max(-8, Math.round(w / step))) * step) ** 2;
      }, 0);
    };
    const [mse, minMax, lsq] = [await error("mse"), await error("min-max"), await error("lsq")];
    expect(mse).toBeLessThan(minMax);
    expect(mse).toBeLessThan(lsq);
  });

  test("of a channel of zeros is the mean of the others", async () => {
    const float = network();
    const weight = initializer(float, "point.weight").fill(0, 0, 8);
    Graph.of(float).initializers.set(toTensorProto(tensor("float32", [8, 8, 1, 1], weight), "point.weight"));
    const [first = 0, ...others] = initializer(await prepare({}, float), "point.weight_scale");
    expect(first).toBeCloseTo(others.reduce((a, b) => a + b, 0) / 7, 6);
  });

  test("are trained, each with a rate and a minimum; fixed ones are not", async () => {
    const model = await prepare();
    const groups = stepGroups(model, { learningRate: 0.02 });
    const scales = groups.flatMap(({ parameters }) => parameters as string[]);
    expect(scales).toContain("deep.relu_scale");
    expect(scales).toContain("last.weight_scale");
    for (const name of scales) expect(defaultParameters(model)).toContain(name);
    expect(defaultParameters(model)).toContain("last.weight");
    const fixed = await prepare({ method: "fixed" });
    expect(stepGroups(fixed)).toEqual([]);
    expect(defaultParameters(fixed).filter((name) => name.endsWith("_scale"))).toEqual([]);
  });

  test("stay positive whatever the learning rate", async () => {
    const model = await prepare();
    await using backend = await open();
    const groups = stepGroups(model).map((group) => ({ ...group, learningRate: 1e3 }));
    await using trainer = await createTrainer(model, {
      backend,
      loss: meanSquaredError({ output: "logits" }),
      optimizer: sgd({ learningRate: 0 }),
      groups,
    });
    const [feeds] = images(1, 2);
    await trainer.step({
      feeds: feeds!,
      targets: { target: tensor("float32", [2, 5], new Float32Array(10)) },
    });
    let moved = 0;
    for (const { parameters, minimum } of groups)
      for (const step of trainer.parameters.get((parameters as string[])[0]!)!.data) {
        expect(step).toBeGreaterThan(0);
        expect(step).toBeGreaterThanOrEqual(Math.fround(minimum!));
        moved += Number(step === Math.fround(minimum!));
      }
    expect(moved).toBeGreaterThan(0);
  });
});

describe("refusals", () => {
  const layers = (scheme: unknown) => ({ layers: () => scheme as LayerScheme, edges: "as others" }) as const;

  test("an unknown format", async () => {
    const unknown = layers({ weight: { dtype: "int9" } });
    await expect(prepare(unknown)).rejects.toThrow('"int9" is not a format of codes');
    await expect(prepare(layers({ activation: { dtype: "float8" } }))).rejects.toThrow(TrainingError);
  });
  test("unsigned weights", () =>
    expect(prepare(layers({ weight: { dtype: "uint4" } }))).rejects.toThrow(/weights have signed codes/));
  test("blocks of a convolution", () =>
    expect(prepare(layers({ weight: { dtype: "int4", granularity: { block: 4 } } }))).rejects.toThrow(
      /layer "stem.out" \(Conv\): blocks are for/,
    ));
  test("a layer without a weight", async () => {
    await expect(prepare(layers({ weight: { dtype: "int4" } }), withComputedWeight())).rejects.toThrow(
      /layer "logits" \(MatMul\): it has no constant weight/,
    );
  });
  test("nothing to quantize", () =>
    expect(prepare(layers(undefined))).rejects.toThrow(/no layer of the model/));
  test("activations without batches", () =>
    expect(prepare({ calibration: [] })).rejects.toThrow(/no batches to calibrate with/));
  test("an activation that is always 0, whose step would be 0", () => {
    const dark = [{ image: tensor("float32", [1, 3, 8, 8]) }];
    return expect(prepare({ calibration: dark })).rejects.toThrow(/the step of "image" would be 0/);
  });
  test("weights that are all 0", () => {
    const float = network();
    Graph.of(float).initializers.set(toTensorProto(tensor("float32", [8, 8, 1, 1]), "point.weight"));
    return expect(prepare({}, float)).rejects.toThrow(
      /layer "point.out" \(Conv\): the step of its weight would be 0/,
    );
  });
  test("a normalization that scales by 0", () => {
    const float = network({ norms: true });
    const gamma = initializer(float, "deep.gamma").fill(0, 2, 3);
    Graph.of(float).initializers.set(toTensorProto(tensor("float32", [8], gamma), "deep.gamma"));
    return expect(prepare({}, float)).rejects.toThrow(/normalization "deep.out" is 0 in channel 2/);
  });
});

/** A model whose last product is one of two activations. */
function withComputedWeight(): ModelProto {
  const model = network();
  const graph = Graph.of(model);
  const head = graph.find("logits")!;
  const turned = makeNode("Transpose", ["flat"], ["turned"], { name: "turned" });
  graph.insert(turned, { before: head });
  graph.replaceNode(head, makeNode("MatMul", ["flat", "turned"], ["logits"], { name: "logits" }));
  model.graph!.output = [makeValueInfo("logits", "float32", ["batch", "batch"])];
  return model;
}
