/** What the quantizers write stands for what was there, to half a step. */
import { unpack } from "@bitbudget/core";
import { Graph, type ModelProto, tensorValue } from "@bitbudget/onnx";
import { expect, test } from "vitest";
import { mobilenetV2 } from "../src/models/mobilenet.ts";
import { codedActivations, quantizeNBits, quantizeQdq } from "../src/models/quantize.ts";
import { bertBase } from "../src/models/transformer.ts";

const numbersOf = (model: ModelProto) => {
  const { initializers } = Graph.of(model);
  return (name: string) => {
    const proto = initializers.get(name);
    if (proto === undefined) throw new Error(`${name} is not there`);
    return tensorValue(proto).data as Float32Array | Int8Array | Uint8Array | Int32Array;
  };
};

test("4-bit codes, [n, blocks, bytes], stand for the matrix [k, n] around the middle code 8", () => {
  const model = bertBase({ tokens: 2, hidden: 64, heads: 2, inner: 96, layers: 1 });
  const quantized = quantizeNBits(model);
  const [before, after] = [numbersOf(model), numbersOf(quantized)];
  const nodes = Graph.of(quantized).nodes.filter(({ opType }) => opType === "MatMulNBits");
  expect(nodes.length).toBe(6);
  for (const { input, attribute } of nodes) {
    const [k = 0, n = 0] = ["K", "N"].map((name) => Number(attribute.find((one) => one.name === name)?.i));
    const [, packed = "", scales = ""] = input;
    const w = before(packed.replace("_codes", ""));
    const codes = unpack("uint4", after(packed) as Uint8Array, n * k);
    const blockScales = after(scales);
    let worst = 0;
    for (let row = 0; row < n; row++)
      for (let i = 0; i < k; i++) {
        const scale = blockScales[row * (k / 32) + Math.floor(i / 32)]!;
        worst = Math.max(worst, Math.abs(codes[row * k + i]! - 8 - w[i * n + row]! / scale));
      }
    expect(worst).toBeLessThanOrEqual(0.5001);
  }
});

test("8-bit weights have a scale for each filter, biases that of their sums, activations cover their range", () => {
  const model = mobilenetV2(32, 0.25);
  const ranges = new Map(codedActivations(model, "image").map((name) => [name, [-1, 3] as const]));
  const quantized = quantizeQdq(model, "image", ranges);
  const [before, after] = [numbersOf(model), numbersOf(quantized)];
  const products = Graph.of(model).nodes.filter(({ opType }) => ["Conv", "Gemm"].includes(opType));
  expect(products.length).toBe(53);
  for (const { input } of products) {
    const [x = "", w = "", b = ""] = input;
    const [xScale = 0] = after(`${x}_scale`);
    expect(xScale).toBeCloseTo(4 / 255, 6);
    expect(after(`${x}_zero`)[0]).toBe(Math.round(255 / 4));
    const [weights, codes, scales] = [before(w), after(`${w}_codes`), after(`${w}_scale`)];
    const depth = weights.length / scales.length;
    let worst = 0;
    for (let j = 0; j < weights.length; j++) {
      const scale = scales[Math.floor(j / depth)]!;
      worst = Math.max(worst, Math.abs(weights[j]! - codes[j]! * scale) / scale);
    }
    expect(worst).toBeLessThanOrEqual(0.5001);
    const [bias, sums, units] = [before(b), after(`${b}_codes`), after(`${b}_scale`)];
    for (let i = 0; i < bias.length; i++) {
      expect(units[i]).toBeCloseTo(xScale * scales[i]!, 9);
      expect(Math.abs(sums[i]! * units[i]! - bias[i]!)).toBeLessThanOrEqual(units[i]! * 0.5001);
    }
  }
});

test("nothing between a product and the clamp behind it, codes behind that", () => {
  const model = mobilenetV2(32, 0.25);
  const names = codedActivations(model, "image");
  const quantized = quantizeQdq(model, "image", new Map(names.map((name) => [name, [0, 6] as const])));
  const graph = Graph.of(quantized);
  for (const clamp of graph.nodes.filter(({ opType }) => opType === "Clip")) {
    expect(graph.producer(clamp.input[0] ?? "")?.opType).toBe("Conv");
    expect(graph.consumers(clamp.output[0] ?? "").map(({ node }) => node.opType)).toEqual(["QuantizeLinear"]);
  }
  for (const conv of graph.nodes.filter(({ opType }) => opType === "Conv"))
    for (const name of conv.input) expect(graph.producer(name)?.opType).toBe("DequantizeLinear");
});
