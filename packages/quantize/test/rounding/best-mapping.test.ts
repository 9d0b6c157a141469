import { dequantize } from "@bitbudget/core";
import { Graph } from "@bitbudget/onnx";
import { describe, expect, test } from "vitest";
import {
  bestMapping,
  compareMappings,
  layersOf,
  mappingScheme,
  outputError,
  QuantizeError,
  weightMatrix,
} from "../../src/index.ts";
import { gramOfInputs, network, normals, relatedInputs } from "./support.ts";

const layer = layersOf(Graph.of(network())).find(({ name }) => name === "last")!;
const weight = layer.weights[0]!;

describe("the best mapping", () => {
  test.each([
    // Every weight is a power of two, or near one of four numbers, or has an offset, or one of many even steps.
    ["log2", (i: number) => (i % 2 === 0 ? 1 : -1) * 2 ** -(i % 7), 4],
    ["kmeans", (i: number) => [-1, -0.93, 0.1, 0.55][i % 4]!, 2],
    ["asymmetric", (i: number) => (i % 16) / 16, 4],
    ["symmetric", (i: number) => (i % 15) - 7, 4],
  ] as const)("is %s where the weights are made for it", (mapping, of, bits) => {
    const values = Float32Array.from({ length: 30 }, (_, i) => of(i));
    // So few different numbers always have a codebook.
    const mappings = (["symmetric", "asymmetric", "nf4", "kmeans", "log2"] as const).filter(
      (each) => each !== "kmeans" || mapping === "kmeans",
    );
    const found = bestMapping(layer, weight, values, { bits, granularity: "tensor", mappings });
    expect(found.scheme.mapping).toBe(mapping);
    expect(found.error).toBeLessThan(1e-9);
    dequantize(found.quantized).forEach((x, i) => {
      expect(x).toBeCloseTo(values[i]!, 5);
    });
  });

  test("is what makes the error of the output least where inputs are known", () => {
    const values = normals(30, 1);
    const gram = gramOfInputs(relatedInputs(90, 6, 2), 6);
    for (const method of ["nearest", "gptq"] as const) {
      const all = compareMappings(layer, weight, values, { bits: 4, gram, method });
      expect(all.map(({ scheme }) => scheme.mapping).sort()).toEqual([
        "asymmetric",
        "kmeans",
        "log2",
        "nf4",
        "symmetric",
      ]);
      for (const [i, { error, quantized }] of all.entries()) {
        expect(error).toBeGreaterThanOrEqual(all[i - 1]?.error ?? 0);
        expect(outputError(values, dequantize(quantized), weightMatrix(layer, weight)!, gram)).toBeCloseTo(
          error,
          9,
        );
      }
    }
  });

  test("has the bits that were asked for", () => {
    expect(mappingScheme("symmetric", 3)).toMatchObject({ dtype: "int4", bits: 3 });
    expect(mappingScheme("kmeans", 2)).toMatchObject({ dtype: "uint2" });
    expect(mappingScheme("nf4", 3)).toBeUndefined();
    expect(mappingScheme("log2", 9)).toBeUndefined();
    const values = normals(30, 1);
    expect(() => bestMapping(layer, weight, values, { bits: 3, mappings: ["nf4"] })).toThrow(QuantizeError);
    expect(() => bestMapping(layer, weight, values, { bits: 4, method: "gptq" })).toThrow(QuantizeError);
  });
});
