import { open } from "@bitbudget/backend-js";
import { dequantize, type Quantized, quantize, tensor, valuesOf } from "@bitbudget/core";
import { Graph, type ModelProto, tensorValue } from "@bitbudget/onnx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  absorbHighBias,
  coreScheme,
  correctBias,
  correctBiasEmpirically,
  layersOf,
  withWeights,
} from "../../src/index.ts";
import { difference, floats, modelOf, observe, outputOf, randomTensor, runModel } from "./models.ts";

/** All weights at few bits. */
function roundedWeights(model: ModelProto): Map<string, Quantized> {
  const graph = Graph.of(model);
  return new Map(
    layersOf(graph).flatMap((layer) =>
      layer.weights.map((weight) => {
        const data = valuesOf(tensorValue(graph.initializers.get(weight.name)!)) as Float32Array;
        const scheme = coreScheme(layer, weight, { dtype: "int2", granularity: "tensor" });
        return [weight.name, quantize(Float32Array.from(data), weight.shape, scheme)] as const;
      }),
    ),
  );
}

/** Means over samples and positions of the channels of a value [N, C, ...]. */
async function means(model: ModelProto, x: ReturnType<typeof floats>, name: string): Promise<number[]> {
  const value = (await runModel(model, { x }, [name]))[name]!;
  const [samples = 0, channels = 0, ...rest] = value.shape;
  const inner = rest.reduce((a, b) => a * b, 1);
  const sums = new Float64Array(channels);
  for (const [i, v] of valuesOf(value).entries()) sums[Math.floor(i / inner) % channels]! += v;
  return Array.from(sums, (sum) => sum / (samples * inner));
}

describe("bias correction", () => {
  it("is (W - Wq) E[x], by hand", async () => {
    const model = modelOf(["N", 2], { w: floats([2, 1], [1, 0.3]), b: floats([1], [10]) }, [
      { op: "Gemm", inputs: ["x", "w", "b"], output: "y" },
    ]);
    const feeds = { x: floats([2, 2], [1, 2, 3, 6]) };
    // The means of x are 2 and 4; rounded weights are 1 and 0: what is lost is 0.3 * 4.
    const weights = roundedWeights(model);
    expect(Array.from(dequantize(weights.get("w")!))).toEqual([1, 0]);
    const corrected = correctBias(model, { weights, calibration: await observe(model, feeds) });
    const found = valuesOf(tensorValue(Graph.of(corrected).initializers.get("b")!));
    expect(found[0]).toBeCloseTo(11.2, 5);
    expect(valuesOf(tensorValue(Graph.of(model).initializers.get("b")!))[0]).toBe(10);
  });

  const layers = (bias: boolean) =>
    [
      { op: "Conv", inputs: bias ? ["x", "w1", "b1"] : ["x", "w1"], output: "a" },
      { op: "Relu", inputs: ["a"], output: "r" },
      { op: "Conv", inputs: ["r", "w2"], output: "b", attributes: { group: 2n } },
      { op: "GlobalAveragePool", inputs: ["b"], output: "p" },
      { op: "Flatten", inputs: ["p"], output: "f" },
      { op: "MatMul", inputs: ["f", "w3"], output: "c" },
      { op: "Add", inputs: ["row", "c"], output: "y" },
    ] as const;
  const network = (seed: number, bias: boolean) =>
    modelOf(
      ["N", 3, 5, 5],
      {
        w1: randomTensor(seed, [4, 3, 1, 1]),
        ...(bias && { b1: randomTensor(seed + 1, [4]) }),
        w2: randomTensor(seed + 2, [4, 2, 2, 2]),
        w3: randomTensor(seed + 3, [4, 3]),
        row: randomTensor(seed + 4, [1, 3]),
      },
      layers(bias),
    );

  it("gives the first layer its mean back, and all of them when it goes by measurement", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.boolean(), async (seed, bias) => {
        const model = network(seed, bias);
        const x = randomTensor(seed + 7, [4, 3, 5, 5]);
        const shifted = tensor(
          "float32",
          x.shape,
          x.data.map((value) => value + 1),
        );
        const feeds = { x: shifted };
        const weights = roundedWeights(model);
        const corrected = correctBias(model, { weights, calibration: await observe(model, feeds) });
        const float = await means(model, shifted, "a");
        expect(difference(float, await means(withWeights(corrected, weights), shifted, "a"))).toBeLessThan(
          1e-5,
        );

        await using backend = await open();
        const measured = await correctBiasEmpirically(model, {
          backend,
          batches: [{ feeds, targets: {} }],
          quantized: (each) => withWeights(each, weights),
        });
        const quantized = withWeights(measured, weights);
        for (const name of ["a", "b", "y"])
          expect(
            difference(await means(model, shifted, name), await means(quantized, shifted, name)),
          ).toBeLessThan(1e-4);
      }),
      { numRuns: 10 },
    );
  });

  it("puts an Add behind a product that has none", async () => {
    const model = modelOf(["N", 2], { w: floats([2, 2], [1, 0.3, 0.3, 1]) }, [
      { op: "MatMul", inputs: ["x", "w"], output: "y" },
    ]);
    const feeds = { x: floats([1, 2], [1, 2]) };
    const weights = roundedWeights(model);
    const corrected = correctBias(model, { weights, calibration: await observe(model, feeds) });
    expect(layersOf(Graph.of(corrected)).map(({ name }) => name)).toEqual(["y"]);
    const after = await outputOf(withWeights(corrected, weights), feeds);
    expect(difference(await outputOf(model, feeds), after)).toBeLessThan(1e-6);
  });
});

describe("absorption of high biases", () => {
  it("moves what a channel always has behind its Relu", async () => {
    // Channel 0 is 5 + x with x in [-1, 1]: 4 of it move. Channel 1 goes below 0 and stays.
    const model = modelOf(
      ["N", 2],
      {
        w1: floats([2, 2], [1, 0, 0, 1]),
        b1: floats([2], [5, 0]),
        w2: floats([2, 1], [2, 3]),
        b2: floats([1], [1]),
      },
      [
        { op: "Gemm", inputs: ["x", "w1", "b1"], output: "a" },
        { op: "Relu", inputs: ["a"], output: "r" },
        { op: "Gemm", inputs: ["r", "w2", "b2"], output: "y" },
      ],
    );
    const feeds = { x: floats([3, 2], [-1, -1, 0, 1, 1, 0]) };
    const changed = absorbHighBias(model, { calibration: await observe(model, feeds) });
    const of = (name: string) => Array.from(valuesOf(tensorValue(Graph.of(changed).initializers.get(name)!)));
    expect(of("b1")).toEqual([1, 0]);
    expect(of("b2")).toEqual([9]);
    expect(await outputOf(changed, feeds)).toEqual(await outputOf(model, feeds));
  });

  it("leaves convolutions alone that see a border of zeros", async () => {
    const model = modelOf(
      ["N", 1, 4, 4],
      { w1: floats([1, 1, 1, 1], [1]), b1: floats([1], [9]), w2: randomTensor(3, [2, 1, 3, 3]) },
      [
        { op: "Conv", inputs: ["x", "w1", "b1"], output: "a" },
        { op: "Relu", inputs: ["a"], output: "r" },
        { op: "Conv", inputs: ["r", "w2"], output: "y", attributes: { pads: [1n, 1n, 1n, 1n] } },
      ],
    );
    const calibration = await observe(model, { x: randomTensor(1, [1, 1, 4, 4]) });
    const changed = absorbHighBias(model, { calibration });
    expect(valuesOf(tensorValue(Graph.of(changed).initializers.get("b1")!))[0]).toBe(9);
  });
});
