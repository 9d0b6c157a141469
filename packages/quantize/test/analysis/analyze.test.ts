/** Analyses whose figures follow by hand, or from what is known of quantization. */
import type { Backend } from "@bitbudget/backend";
import { open } from "@bitbudget/backend-js";
import { dequantize, type HostTensor, type Quantized, quantize, tensor } from "@bitbudget/core";
import { Graph, makeNode, parseModel, tensorValue, toTensorProto, writeModel } from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { crossEntropy, meanCrossEntropy } from "@bitbudget/train";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Analysis,
  type AnalyzeOptions,
  analyze,
  assign,
  type Calibration,
  coreScheme,
  estimateSensitivity,
  formatAnalysis,
  type LayerScheme,
  layersOf,
  type Objective,
} from "../../src/index.ts";
import { f32, floatNet, imageBatches, model, randoms } from "../support/models.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await open();
});
afterAll(() => backend.dispose());

const square: Objective = { kind: "square", output: "y" };

/** y = x A B, with A = [[1, 2], [3, 4]] and B = [[1], [-1]]. */
const products = model(
  [
    makeNode("MatMul", ["x", "a"], ["h"], { name: "first" }),
    makeNode("MatMul", ["h", "b"], ["y"], { name: "second" }),
  ],
  { a: tensor("float32", [2, 2], [1, 2, 3, 4]), b: tensor("float32", [2, 1], [1, -1]) },
  [["x", "float32", ["n", 2]]],
  [["y", "float32", ["n", 1]]],
);

/** Codes of int8, one scale. */
function coded(shape: number[], codes: number[], scale: number): Quantized {
  return {
    scheme: { dtype: "int8", granularity: { kind: "tensor" }, mapping: { kind: "affine", symmetric: true } },
    shape,
    codes: Int8Array.from(codes),
    scales: f32(scale).data,
  };
}

describe("two products", () => {
  const dtype = "int8";
  let analysis: Analysis;
  beforeAll(async () => {
    analysis = await analyze(products, {
      assignment: { first: { weight: { dtype } }, second: { weight: { dtype } } },
      // A becomes [[1, 2], [3, 4.5]], and B [[1], [-1.25]].
      weights: new Map([
        ["a", coded([2, 2], [2, 4, 6, 9], 0.5)],
        ["b", coded([2, 1], [4, -5], 0.25)],
      ]),
      batches: [{ feeds: { x: tensor("float32", [1, 2], [1, 2]) }, targets: {} }],
      backend,
      objective: square,
      draws: 3,
      trials: 4,
    });
  });

  test("errors of weights, outputs and the model", () => {
    const [first, second] = analysis.layers;
    const db = (signal: number, noise: number) => 10 * Math.log10(signal / noise);
    expect(first?.weightSqnrDb).toBeCloseTo(db(1 + 4 + 9 + 16, 0.25), 4);
    expect(second?.weightSqnrDb).toBeCloseTo(db(2, 0.0625), 4);
    // h = [7, 10], with the other A [7, 11]; y = -3, with one of them -4 and -5.5, with both 7 - 13.75.
    expect(first?.outputSqnrDb).toBeCloseTo(db(149, 1), 4);
    expect(first?.accumulatedSqnrDb).toBeCloseTo(db(149, 1), 4);
    expect(first?.modelSqnrDb).toBeCloseTo(db(9, 1), 4);
    expect(second?.outputSqnrDb).toBeCloseTo(db(9, 6.25), 4);
    expect(second?.accumulatedSqnrDb).toBeCloseTo(db(9, 3.75 ** 2), 4);
    expect(first?.measured.mean).toBeCloseTo(1, 5);
    expect(second?.measured.mean).toBeCloseTo(6.25, 5);
    expect(analysis.whole.measured.mean).toBeCloseTo(3.75 ** 2, 5);
    expect([first?.parameters, second?.parameters]).toEqual([4, 2]);
    // A byte each, and a scale of four.
    expect([first?.bits, second?.bits]).toEqual([16, 24]);
  });

  test("predictions are exact where the model is linear in the weights, and has one output", () => {
    for (const [i, exact] of [1, 6.25].entries()) {
      const { predicted } = analysis.layers[i]!;
      expect(predicted?.fisher.mean).toBeCloseTo(exact, 5);
      expect(predicted?.fisher.high).toBeCloseTo(exact, 5);
      expect(predicted?.diagonal.mean).toBeCloseTo(exact, 5);
      expect(predicted?.first).toBeUndefined();
    }
    expect(analysis.whole.predicted).toBeCloseTo(7.25, 5);
    expect(analysis.correlations.fisher).toBeCloseTo(1, 9);
    expect(analysis.draws).toBe(3);
  });

  test("the diagonal leaves out what errors of one layer have to do with each other", async () => {
    const { layers } = await analyze(products, {
      assignment: { second: { weight: { dtype } } },
      // B becomes [[1.25], [-1.25]]: the errors of y are 7 / 4 - 10 / 4.
      weights: new Map([["b", coded([2, 1], [5, -5], 0.25)]]),
      batches: [{ feeds: { x: tensor("float32", [1, 2], [1, 2]) }, targets: {} }],
      ...{ backend, objective: square, draws: 1 },
    });
    expect(layers[0]?.measured.mean).toBeCloseTo(0.75 ** 2, 5);
    expect(layers[0]?.predicted?.fisher.mean).toBeCloseTo(0.75 ** 2, 5);
    expect(layers[0]?.predicted?.diagonal.mean).toBeCloseTo(1.75 ** 2 + 2.5 ** 2, 5);
  });

  test("errors of activations are predicted, too", async () => {
    // Steps of 0.75: x = [1, 3] becomes [0.75, 3], and y = -1 - 3 becomes -0.75 - 3.
    const range = () => ({ min: 0, max: 255 * 0.75 });
    const calibration: Calibration = {
      samples: 1,
      names: ["x"],
      value: (name) => ({ name, count: 2, channels: undefined, range }),
    };
    const { layers } = await analyze(products, {
      assignment: { first: { activation: { dtype: "uint8" } } },
      batches: [{ feeds: { x: tensor("float32", [1, 2], [1, 3]) }, targets: {} }],
      ...{ backend, calibration, objective: square, draws: 2 },
    });
    expect(layers[0]?.measured.mean).toBeCloseTo(0.0625, 5);
    expect(layers[0]?.predicted?.fisher.mean).toBeCloseTo(0.0625, 5);
    expect(layers[0]?.predicted?.diagonal.mean).toBeCloseTo(0.0625, 5);
  });

  test("a divergence of two classes is p (1 - p) d^2 / 2, d being how far their logits move apart", async () => {
    const single = model(
      [makeNode("MatMul", ["x", "w"], ["y"], { name: "logits" })],
      { w: tensor("float32", [1, 2], [2, 0.01]) },
      [["x", "float32", ["n", 1]]],
      [["y", "float32", ["n", 2]]],
    );
    const { layers } = await analyze(single, {
      assignment: { logits: { weight: { dtype } } },
      // [2, 0.01] becomes [2, 0].
      weights: new Map([["w", coded([1, 2], [100, 0], 0.02)]]),
      batches: [{ feeds: { x: tensor("float32", [1, 1], [1]) }, targets: {} }],
      ...{ backend, objective: { kind: "divergence", logits: "y" }, draws: 400 },
    });
    const p = 1 / (1 + Math.exp(-1.99));
    const exact = (p * (1 - p) * 0.01 ** 2) / 2;
    expect(layers[0]!.measured.mean / exact).toBeCloseTo(1, 1);
    expect(layers[0]!.predicted!.fisher.mean / exact).toBeCloseTo(1, 1);
    expect(layers[0]!.predicted!.fisher.high / exact).toBeLessThan(1.2);
  });

  test("is data, and a table", () => {
    expect(JSON.parse(JSON.stringify(analysis))).toMatchObject({
      unit: "mean square",
      layers: [{ layer: "first" }, {}],
    });
    const lines = formatAnalysis(analysis).split("\n");
    expect(lines[0]).toMatch(/^layer +operator +scheme .*measured mean square/);
    expect(lines[1]).toMatch(/^first +MatMul +int8 channel +4 +16\.00 +20\.8 +21\.7 +21\.7 +9\.5 +1 +1 +1$/);
    expect(lines[3]).toMatch(/^all layers +-1\.9 +14\.1 +7\.25/);
  });
});

describe("networks", () => {
  const net = floatNet();
  const layers = layersOf(Graph.of(net));
  const analysisOf = (dtype: "int8" | "int4", options: Partial<AnalyzeOptions> = {}) =>
    analyze(net, {
      assignment: assign(layers, () => ({ weight: { dtype, granularity: "tensor" } })),
      batches: imageBatches(2, 4),
      objective: { kind: "square", output: "scores" },
      ...{ backend, draws: 4, trials: 3, ...options },
    });

  test("four bits are worth 24 dB, everywhere", async () => {
    const [eight, four] = [await analysisOf("int8"), await analysisOf("int4")];
    // Steps are 2/254 and 2/14 of the largest weight.
    const apart = 20 * Math.log10(254 / 14);
    for (const [i, row] of eight.layers.entries()) {
      const other = four.layers[i]!;
      expect(Math.abs(row.weightSqnrDb! - other.weightSqnrDb! - apart)).toBeLessThan(1.5);
      expect(Math.abs(row.outputSqnrDb - other.outputSqnrDb - apart)).toBeLessThan(6);
    }
    expect(Math.abs(eight.whole.modelSqnrDb - four.whole.modelSqnrDb - apart)).toBeLessThan(9);
  });

  test("predicts a divergence, and the mean square", async () => {
    for (const objective of [
      { kind: "square", output: "scores" },
      { kind: "divergence", logits: "scores" },
    ] as const) {
      const {
        layers: rows,
        correlations,
        whole,
      } = await analysisOf("int8", { objective, draws: 40, trials: 6 });
      expect(correlations.fisher).toBeGreaterThan(0.4);
      for (const { predicted, measured } of rows)
        expect(Math.abs(Math.log2(predicted!.fisher.mean / measured.mean))).toBeLessThan(1);
      expect(whole.predicted).toBeGreaterThan(0);
    }
  });

  test("predicts what a loss grows by, to first order", async () => {
    const labelled = imageBatches(3, 4).map(({ feeds }, i) => ({
      feeds,
      targets: { labels: tensor("int32", [4], [0, 1, 2, (3 + i) % 4]) },
    }));
    const objective: Objective = {
      kind: "loss",
      loss: crossEntropy({ logits: "scores" }),
      metric: meanCrossEntropy({ logits: "scores" }),
    };
    const found = await analysisOf("int8", { objective, batches: labelled, draws: 4 });
    expect(found.unit).toBe("loss");
    for (const { predicted, measured } of found.layers)
      expect(predicted!.first!.mean).toBeCloseTo(measured.mean, 3);
  });

  test("a mixture is the model with these weights in the place of its own, which stays as it is", async () => {
    const bytes = writeModel(net);
    const [batch] = imageBatches(1, 4);
    const { layers: rows, whole } = await analysisOf("int4", { batches: [batch!], trials: 0, draws: 0 });
    expect(rows[0]?.predicted).toBeUndefined();
    expect(writeModel(net)).toEqual(bytes);
    const scores = async (names: readonly string[]) => {
      const copy = parseModel(bytes);
      const graph = Graph.of(copy);
      for (const layer of layers.filter(({ name }) => names.includes(name)))
        for (const weight of layer.weights) {
          const { data } = tensorValue(graph.initializers.get(weight.name)!) as HostTensor<"float32">;
          const scheme = coreScheme(layer, weight, { dtype: "int4", granularity: "tensor" });
          const values = dequantize(quantize(data, weight.shape, scheme));
          graph.initializers.set(toTensorProto(tensor("float32", weight.shape, values), weight.name));
        }
      await using session = await createSession(copy, { backend });
      return (await session.run(batch!.feeds)).scores!.data as Float32Array;
    };
    const float = await scores([]);
    const moved = async (...names: string[]) =>
      (await scores(names)).reduce((sum, y, i) => sum + (y - float[i]!) ** 2, 0) / float.length;
    expect(whole.measured.mean / (await moved("conv1", "conv2", "gemm"))).toBeCloseTo(1, 4);
    for (const { layer, measured } of rows) expect(measured.mean / (await moved(layer))).toBeCloseTo(1, 4);
  });

  test("what every scheme would cost is what an analysis of each would predict", async () => {
    const range = () => ({ min: -2, max: 2 });
    const calibration: Calibration = {
      samples: 1,
      names: [],
      value: (name) => ({ name, count: 1, channels: undefined, range }),
    };
    const schemes: readonly LayerScheme[] = [
      { weight: { dtype: "int8" } },
      { weight: { dtype: "int4", granularity: "tensor" }, activation: { dtype: "uint8" } },
      { activation: { dtype: "int8" } },
    ];
    const common = {
      ...{ backend, calibration, batches: imageBatches(1, 4), draws: 3 },
      objective: { kind: "divergence", logits: "scores" },
    } as const;
    const rows = await estimateSensitivity(net, {
      ...common,
      candidates: ({ name }) => (name === "conv1" ? [] : schemes),
    });
    expect(rows.map(({ layer, scheme }) => [layer, scheme])).toEqual(
      ["conv2", "gemm"].flatMap((name) => schemes.map((scheme) => [name, scheme])),
    );
    for (const [i, scheme] of schemes.entries()) {
      const assignment = { conv2: scheme, gemm: scheme };
      const { layers: found } = await analyze(net, { ...common, assignment, trials: 0 });
      for (const row of found) {
        const own = rows.find(({ layer, scheme: each }) => layer === row.layer && each === schemes[i]);
        expect(own!.predicted.fisher.mean / row.predicted!.fisher.mean).toBeCloseTo(1, 4);
        expect(own!.predicted.diagonal.mean / row.predicted!.diagonal.mean).toBeCloseTo(1, 4);
        expect([own?.bits, own?.weightSqnrDb]).toEqual([row.bits, row.weightSqnrDb]);
      }
    }
    await expect(
      estimateSensitivity(net, { ...common, candidates: () => schemes, batches: [] }),
    ).rejects.toThrow("no batches");
  });

  test("activations are rounded where a calibration gives their range", async () => {
    const codes: string[] = [];
    const calibration: Calibration = {
      samples: 1,
      names: [],
      value: (name) => ({
        name,
        count: 1,
        channels: undefined,
        range: (method, { dtype, symmetric }) => {
          codes.push(`${name} ${method} ${dtype} ${symmetric}`);
          return { min: -1, max: 1 };
        },
      }),
    };
    const only = (dtype: "uint8" | "int8"): AnalyzeOptions => ({
      assignment: { conv1: { activation: { dtype, range: "mse" } } },
      batches: imageBatches(1),
      ...{ calibration, backend, objective: { kind: "square", output: "scores" } },
    });
    const { layers: rows } = await analyze(net, only("uint8"));
    expect(new Set(codes)).toEqual(new Set(["image mse uint8 false"]));
    expect(rows[0]).toMatchObject({ layer: "conv1", parameters: 0, weightSqnrDb: undefined });
    expect(Math.abs(Math.log2(rows[0]!.predicted!.fisher.mean / rows[0]!.measured.mean))).toBeLessThan(1);
    // An error of step^2 / 12 on each of the numbers between -1 and 1, whose mean square is 1/3: 42 + 6 dB.
    expect(rows[0]?.outputSqnrDb).toBeGreaterThan(42);
    expect(rows[0]?.outputSqnrDb).toBeLessThan(56);
    const { calibration: _, ...without } = only("int8");
    await expect(analyze(net, without)).rejects.toThrow('layer "conv1": its activations have a range');
    const dynamic = await analyze(net, {
      ...without,
      assignment: { conv1: { activation: { dtype: "uint8", dynamic: true } } },
    });
    expect(dynamic.layers[0]?.outputSqnrDb).toBeGreaterThan(42);
  });

  test("a weight of two layers is switched in each", async () => {
    const shared = model(
      [
        makeNode("MatMul", ["x", "w"], ["h"], { name: "one" }),
        makeNode("MatMul", ["h", "w"], ["y"], { name: "two" }),
      ],
      { w: randoms(3, 4, 4) },
      [["x", "float32", ["n", 4]]],
      [["y", "float32", ["n", 4]]],
    );
    const { layers: rows } = await analyze(shared, {
      assignment: { one: { weight: { dtype: "int4" } }, two: { weight: { dtype: "int4" } } },
      batches: [{ feeds: { x: randoms(4, 5, 4) }, targets: {} }],
      ...{ backend, objective: square, draws: 8 },
    });
    expect(rows[0]?.weightSqnrDb).toBe(rows[1]?.weightSqnrDb);
    expect(rows[0]?.measured.mean).not.toBe(rows[1]?.measured.mean);
    expect(rows[1]?.predicted?.fisher.mean).toBeGreaterThan(0);
  });

  test("ends where it is told to, and says how far it is", async () => {
    const end = new AbortController();
    const seen: number[] = [];
    const onProgress = (batches: number) => {
      seen.push(batches);
      if (batches === 2) end.abort(new Error("enough"));
    };
    const batches = imageBatches(4, 2);
    const options = { batches, onProgress, signal: end.signal, draws: 1, trials: 1 };
    await expect(analysisOf("int8", options)).rejects.toThrow("enough");
    expect(seen).toEqual([1, 2]);
  });

  test("says what is wrong", async () => {
    await expect(analysisOf("int8", { batches: [] })).rejects.toThrow("no batches");
    await expect(analysisOf("int8", { assignment: { nowhere: {} } })).rejects.toThrow(
      "no layer of that name",
    );
    await expect(
      analysisOf("int8", { objective: { kind: "divergence", logits: "c1" } }),
    ).resolves.toMatchObject({ output: "c1" });
    await expect(analysisOf("int8", { objective: { kind: "square", output: "none" } })).rejects.toThrow(
      '"none"',
    );
  });

  test("measures what cannot be differentiated", async () => {
    const multiplied = model(
      [
        makeNode("MatMul", ["x", "w"], ["h"], { name: "product" }),
        makeNode("ReduceProd", ["h", "axis"], ["y"], { name: "all" }),
      ],
      { w: randoms(3, 4, 4), axis: tensor("int64", [1], [1n]) },
      [["x", "float32", ["n", 4]]],
      [["y", "float32", ["n", 1]]],
    );
    const found = await analyze(multiplied, {
      assignment: { product: { weight: { dtype: "int4" } } },
      batches: [{ feeds: { x: randoms(4, 5, 4) }, targets: {} }],
      ...{ backend, objective: square },
    });
    expect(found.layers[0]?.measured.mean).toBeGreaterThan(0);
    expect(found.layers[0]?.predicted).toBeUndefined();
    expect(found.noGradients).toContain("ReduceProd");
    expect(formatAnalysis(found)).toContain("no predictions: ");
  });
});
