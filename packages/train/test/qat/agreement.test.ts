/** What training simulates is what the exported model computes on integers. */
import { open } from "@bitbudget/backend-js";
import {
  checkModel,
  elementType,
  Graph,
  getInt,
  type ModelProto,
  parseModel,
  tensorValue,
  writeModel,
} from "@bitbudget/onnx";
import { createSession } from "@bitbudget/runtime";
import { describe, expect, test } from "vitest";
import {
  adam,
  compare,
  createTrainer,
  defaultParameters,
  type ExportOptions,
  exportQuantized,
  foldNorms,
  type Layer,
  type LayerScheme,
  meanSquaredError,
  type PrepareOptions,
  prepareQat,
  simulate,
  stepGroups,
} from "../../src/index.ts";
import { images, network } from "./network.ts";

/** Another width for each layer. */
const mixed = ({ index }: Layer): LayerScheme =>
  [
    { weight: { dtype: "int8" }, activation: { dtype: "int8" } },
    { weight: { dtype: "int5" }, activation: { dtype: "uint6" } },
    { weight: { dtype: "int2" }, activation: { dtype: "uint4" } },
    { weight: { dtype: "int3", granularity: "tensor" }, activation: { dtype: "uint3" } },
    { weight: { dtype: "int4" }, activation: { dtype: "uint7" } },
  ][index] as LayerScheme;

async function prepare(model: ModelProto, options: Partial<PrepareOptions> = {}): Promise<ModelProto> {
  await using backend = await open();
  return await prepareQat(model, {
    backend,
    calibration: images(2, 4),
    layers: mixed,
    edges: "as others",
    ...options,
  });
}

/** A few steps, so that nothing is as it was prepared. */
async function train(model: ModelProto, steps = 3): Promise<ModelProto> {
  await using backend = await open();
  await using trainer = await createTrainer(model, {
    backend,
    loss: meanSquaredError({ output: "logits" }),
    optimizer: adam({ learningRate: 1e-2 }),
    groups: stepGroups(model),
  });
  await using teacher = await createSession(network(), { backend });
  for (const feeds of images(steps, 4, 3)) {
    const { logits } = await teacher.run(feeds);
    await trainer.step({ feeds, targets: { target: logits! } });
  }
  return trainer.model();
}

async function difference(model: ModelProto, exported: ModelProto) {
  await using backend = await open();
  await using simulation = simulate(model, { backend });
  await using session = await createSession(writeModel(exported), { backend });
  const result = await compare(simulation, session, images(3, 8, 11));
  return { ...result, plan: String(session.plan) };
}

describe("the exported model gives the bits of the simulation", () => {
  const forms: Readonly<Record<string, ExportOptions>> = {
    "weights in their own formats": { weights: "exact" },
    "weights in bytes": { weights: "bytes" },
  };
  const variants = [
    { others: "float", method: "lsq" },
    { others: "quantized", method: "lsq" },
    { others: "float", method: "pact" },
    { others: "quantized", method: "fixed" },
  ] as const;
  for (const [form, options] of Object.entries(forms))
    for (const { others, method } of variants)
      test(`${form}, residual sums of ${others} numbers, steps by ${method}`, async () => {
        const trained = await train(await prepare(network(), { others, method }));
        const exported = exportQuantized(trained, options);
        checkModel(exported);
        const { identical, agreeing, predictions, largestDifference, plan } = await difference(
          trained,
          exported,
        );
        expect({ identical, largestDifference }).toEqual({ identical: true, largestDifference: 0 });
        expect(agreeing).toBe(predictions);
        // All products are of codes, and none of them is one of decoded codes.
        expect(plan.match(/conv2d uint8 x int8/g)).toHaveLength(4);
        expect(plan).toMatch(/linear uint8 x int8/);
        expect(plan).not.toMatch(/decoded/);
      });

  test("with normalizations, once they are folded", async () => {
    const folded = foldNorms(await train(await prepare(network({ norms: true }))));
    expect(folded.graph!.node.some(({ opType }) => opType === "BatchNormalization")).toBe(false);
    const trained = await train(folded);
    const { identical } = await difference(trained, exportQuantized(trained));
    expect(identical).toBe(true);
  });

  test("with activations in formats of their own: the predictions, and all but the last bits", async () => {
    const layers = () => ({ weight: { dtype: "int4" }, activation: { dtype: "uint4" } }) as const;
    const trained = await train(await prepare(network(), { layers }));
    const exported = exportQuantized(trained, { activations: "exact" });
    checkModel(exported);
    const types = exported.graph!.initializer.map(({ dataType }) => elementType(dataType));
    expect(types).toContain("uint4");
    expect(exported.graph!.node.some(({ opType }) => opType === "Clip")).toBe(false);
    const { agreeing, predictions, meanDifference } = await difference(trained, exported);
    expect(agreeing).toBe(predictions);
    expect(meanDifference).toBeLessThan(0.01);
  });
});

describe("normalizations", () => {
  test("frozen before folding is what is folded, up to roundings", async () => {
    const model = await train(await prepare(network({ norms: true })));
    await using backend = await open();
    await using before = simulate(model, { backend });
    await using after = simulate(foldNorms(model), { backend });
    const { meanDifference } = await compare(before, after, images(2, 8, 5));
    expect(meanDifference).toBeLessThan(0.02);
  });

  test("folding takes gamma / sigma into the weight and the rest into a bias", async () => {
    const float = network({ norms: true });
    const layers = () => ({ weight: { dtype: "int8" }, activation: { dtype: "uint8" } }) as const;
    const exported = exportQuantized(await prepare(float, { layers }));
    const [w, gamma, beta, mean, variance] = ["weight", "gamma", "beta", "mean", "variance"].map((name) =>
      values(float, `stem.${name}`),
    );
    const factor = gamma![3]! / Math.sqrt(variance![3]! + 1e-3);
    const stem = exported.graph!.node.find(({ output }) => output[0] === "stem.out");
    const graph = Graph.of(exported);
    const decoded = (slot: number, i: number) => {
      const [codes = "", scale = ""] = graph.producer(stem!.input[slot]!)!.input;
      return values(exported, codes)[i]! * values(exported, scale)[3]!;
    };
    const largest = 1.5 * Math.max(...Array.from({ length: 216 }, (_, i) => Math.abs(w![i]!)));
    expect(Math.abs(decoded(1, 3 * 27 + 5) - w![3 * 27 + 5]! * factor)).toBeLessThan(largest / 127);
    expect(decoded(2, 3)).toBeCloseTo(beta![3]! - mean![3]! * factor, 3);
  });

  test("folding leaves weight, gamma and beta to be trained, and freezes the statistics", async () => {
    const names = defaultParameters(foldNorms(await prepare(network({ norms: true }))));
    expect(names).toEqual(expect.arrayContaining(["stem.weight", "stem.gamma", "stem.beta"]));
    expect(names.filter((name) => /mean|variance/.test(name))).toEqual([]);
  });
});

function values(model: ModelProto, name: string): ArrayLike<number> {
  return tensorValue(Graph.of(model).initializers.get(name)!).data as Float32Array;
}

describe("what is stored", () => {
  test("codes in the narrowest formats, an opset that has them, int32 biases", async () => {
    const model = await train(await prepare(network()));
    const exact = parseModel(writeModel(exportQuantized(model, { weights: "exact" })));
    const packed = exportQuantized(model);
    const dtypes = (name: string, of = exact) => elementType(Graph.of(of).initializers.get(name)!.dataType);
    expect(dtypes("point.weight_codes_1", packed)).toBe("int4");
    expect(packed.opsetImport[0]!.version).toBe(21n);
    expect(dtypes("stem.weight_codes_1")).toBe("int8");
    expect(dtypes("point.weight_codes_1")).toBe("int2");
    expect(dtypes("last.weight_codes_1")).toBe("int4");
    expect(dtypes("head.weight_codes_1")).toBe("int4");
    expect(dtypes("head.bias_codes")).toBe("int32");
    expect(exact.opsetImport[0]!.version).toBe(25n);
    expect(exact.graph!.initializer.some(({ name }) => name === "stem.weight")).toBe(false);
  });

  test("formats survive the file: the method, and what is trained", async () => {
    const model = await prepare(network(), { method: "pact" });
    const read = parseModel(writeModel(model));
    const again = exportQuantized(read);
    expect(writeModel(again)).toEqual(writeModel(exportQuantized(model)));
    expect(stepGroups(read).map(({ parameters }) => parameters)).toEqual(
      stepGroups(model).map(({ parameters }) => parameters),
    );
  });

  test("blocks of weights", async () => {
    const layers = ({ opType }: Layer) =>
      opType === "Gemm" ? ({ weight: { dtype: "int4", granularity: { block: 4 } } } as const) : undefined;
    const model = await train(await prepare(network(), { layers }));
    const exported = exportQuantized(model);
    checkModel(exported);
    const node = exported.graph!.node.find(({ opType }) => opType === "DequantizeLinear")!;
    expect(getInt(node, "block_size")).toBe(4);
    const { agreeing, predictions, largestDifference } = await difference(model, exported);
    expect(agreeing).toBe(predictions);
    expect(largestDifference).toBeLessThan(1e-5);
  });
});
