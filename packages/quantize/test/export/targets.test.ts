/** What targets run, as data: schemes to choose from, and reasons against all others. */
import { describe, expect, test } from "vitest";
import {
  checkTarget,
  encodings,
  supportedSchemes,
  type Target,
  targetFaults,
  targets,
} from "../../src/index.ts";
import { layerOf, modelOf, op, random } from "./models.ts";

const x = random([1, 4, 7, 7], 1);
const conv = layerOf(
  modelOf({
    inputs: { x },
    outputs: ["y"],
    constants: { w: random([6, 4, 3, 3], 2) },
    nodes: [op("Conv", ["x", "w"], "y")],
  }),
);
const depthwise = layerOf(
  modelOf({
    inputs: { x },
    outputs: ["y"],
    constants: { w: random([4, 1, 3, 3], 2) },
    nodes: [op("Conv", ["x", "w"], "y", { group: 4n })],
  }),
);
const matmul = layerOf(
  modelOf({
    inputs: { x: random([3, 40], 1) },
    outputs: ["y"],
    constants: { w: random([40, 6], 2) },
    nodes: [op("MatMul", ["x", "w"], "y")],
  }),
);
const product = layerOf(
  modelOf({
    inputs: { x: random([3, 3], 1) },
    outputs: ["y"],
    constants: {},
    nodes: [op("MatMul", ["x", "x"], "y")],
  }),
);
const lstm = layerOf(
  modelOf({
    inputs: { x: random([4, 2, 6], 1) },
    outputs: ["y"],
    constants: { w: random([1, 20, 6], 2), r: random([1, 20, 5], 3) },
    nodes: [op("LSTM", ["x", "w", "r"], "y", { hidden_size: 5n })],
  }),
);

const gemm = layerOf(
  modelOf({
    inputs: { x: random([3, 4], 1), c: random([3, 6], 2) },
    outputs: ["y"],
    constants: { w: random([4, 6], 3) },
    nodes: [op("Gemm", ["x", "w", "c"], "y")],
  }),
);

describe("refusals say why", () => {
  const layers = { conv, matmul, product, lstm, gemm };
  test.each([
    [
      "ort-wasm",
      "conv",
      { weight: { dtype: "int4", granularity: { block: 32 } } },
      /blocks are for matrices/,
    ],
    [
      "ort-wasm",
      "matmul",
      { weight: { dtype: "int4", granularity: { block: 24 } } },
      /blocks of 24 .* powers of two/,
    ],
    ["ort-wasm", "matmul", { weight: { dtype: "float4_e2m1" } }, /no kernels for float4/],
    ["ort-webgpu", "matmul", { weight: { dtype: "float8_e4m3fn" } }, /float8 weights fail/],
    [
      "ort-wasm",
      "conv",
      { weight: { dtype: "uint8", mapping: "asymmetric" }, activation: { dtype: "uint8", dynamic: true } },
      /ConvInteger/,
    ],
    [
      "ort-wasm",
      "lstm",
      { weight: { dtype: "uint8", mapping: "asymmetric" }, activation: { dtype: "uint8", dynamic: true } },
      /DynamicQuantizeLSTM/,
    ],
    [
      "wasm",
      "lstm",
      { weight: { dtype: "int8" }, activation: { dtype: "uint8" } },
      /LSTM .* static activations/,
    ],
    ["wasm", "conv", { activation: { dtype: "uint8" } }, /weight is constant/],
    ["wasm", "gemm", { weight: { dtype: "int8" }, activation: { dtype: "uint8" } }, /bias is no constant/],
    ["ort-wasm", "product", { activation: { dtype: "int8" } }, /products of two activations on int8/],
    ["wasm", "product", { activation: { dtype: "uint8", dynamic: true } }, /no constant weight/],
    [
      "ort-wasm",
      "matmul",
      { weight: { dtype: "int4", granularity: { block: 32 } }, activation: { dtype: "int8", dynamic: true } },
      /ort-wasm does not run/,
    ],
    [
      "js",
      "matmul",
      { weight: { dtype: "int8" }, activation: { dtype: "int8", dynamic: true } },
      /activations of int8 .* uint8/,
    ],
    ["js", "matmul", { weight: { dtype: "int16" } }, /weights of int16/],
  ] as const)("%s, %s: %j", (target, layer, scheme, reason) => {
    expect(checkTarget(target, layers[layer], scheme)).toMatch(reason);
  });

  test("nothing is refused", () => {
    for (const target of targets) expect(checkTarget(target, conv, {})).toBeUndefined();
  });
});

test.each(targets)("%s: a search has something to choose from, all of which runs", (target: Target) => {
  for (const layer of [conv, depthwise, matmul, product, lstm]) {
    const found = supportedSchemes(target, layer);
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ scheme }) => JSON.stringify(scheme))).size).toBe(found.length);
    for (const { scheme } of found) expect(checkTarget(target, layer, scheme)).toBeUndefined();
  }
  expect(supportedSchemes(target, matmul).some(({ encoding }) => encoding === "matmul-nbits")).toBe(true);
});

test("what is known to be slow is said", () => {
  const slow = supportedSchemes("ort-wasm", depthwise).find(({ encoding }) => encoding === "static");
  expect(slow?.note).toMatch(/depthwise/);
  const signed = supportedSchemes("ort-wasm", conv).find(({ scheme }) => scheme.activation?.dtype === "int8");
  expect(signed?.note).toMatch(/slower/);
  // On WebGPU onnxruntime-web computes such layers in float.
  const gpu = supportedSchemes("ort-webgpu", conv).filter(({ encoding }) => encoding === "static");
  expect(gpu.every(({ how }) => how === "decoded")).toBe(true);
});

test("tables", () => {
  for (const { targets: those, layers } of encodings) {
    expect(those.every((each) => targets.includes(each))).toBe(true);
    expect(layers.length).toBeGreaterThan(0);
  }
  expect(new Set(targetFaults.map(({ id }) => id)).size).toBe(targetFaults.length);
});
